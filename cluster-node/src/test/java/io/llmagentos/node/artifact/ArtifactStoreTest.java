package io.llmagentos.node.artifact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArtifactStoreTest {
  private static final byte[] HELLO = "hello".getBytes(StandardCharsets.UTF_8);

  @TempDir
  private Path directory = Path.of("");

  private ArtifactStore store = ArtifactStore.open(Path.of("target/unused"), Clock.systemUTC());

  @BeforeEach
  void open() {
    store = ArtifactStore.open(directory, Clock.systemUTC());
  }

  @Test
  void shouldNameContentByItsHash() {
    ArtifactId id = store.put("job-a", HELLO);
    assertThat(id.sha256())
        .isEqualTo("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    assertThat(store.read(id)).isEqualTo(HELLO);
    assertThat(store.put("job-b", HELLO)).isEqualTo(id);
    assertThat(store.leased("job-a")).containsExactly(id);
  }

  @Test
  void shouldSayWhatIsMissingAndWhatIsCorrupt() throws IOException {
    ArtifactId id = store.put("job-a", HELLO);
    Files.write(store.locate(id), "hullo".getBytes(StandardCharsets.UTF_8));
    assertThatExceptionOfType(AgentOsException.class)
        .isThrownBy(() -> store.read(id))
        .withMessageContaining(id.sha256())
        .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.ARTIFACT_CORRUPT));
    assertThatExceptionOfType(AgentOsException.class)
        .isThrownBy(() -> store.read(new ArtifactId("0".repeat(64))))
        .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.ARTIFACT_MISSING));
  }

  @Test
  void shouldLeaveNothingOfAWriterThatFails() throws IOException {
    assertThatExceptionOfType(AgentOsException.class)
        .isThrownBy(() -> store.put("job-a", out -> {
          out.write(HELLO);
          throw new IOException("No space left on device");
        }))
        .withMessageContaining("No space left on device")
        .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.ARTIFACT_UNWRITABLE));
    try (Stream<Path> files = Files.walk(directory)) {
      assertThat(files.filter(Files::isRegularFile)).isEmpty();
    }
  }

  @Test
  void shouldSweepOnlyWhatIsOldAndNobodyHolds() {
    ArtifactId held = store.put("job-a", HELLO);
    ArtifactId released = store.put("job-a", new byte[] {1});
    store.release("job-a", released);
    assertThat(store.sweep(Duration.ofHours(1))).isZero();
    ArtifactStore later = ArtifactStore.open(
        directory, Clock.fixed(Instant.now().plus(Duration.ofHours(2)), ZoneOffset.UTC));
    assertThat(later.sweep(Duration.ofHours(1))).isEqualTo(1);
    assertThat(store.contains(held)).isTrue();
    assertThat(store.contains(released)).isFalse();
    store.releaseAll("job-a");
    assertThat(later.sweep(Duration.ofHours(1))).isEqualTo(1);
  }

  @Test
  void shouldStayInItsDirectory() {
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> store.put("../out", HELLO));
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> new ArtifactId("../../etc/passwd"));
  }

  @Test
  void shouldTakeTheSameContentFromManyAtOnce() throws Exception {
    try (var threads = Executors.newFixedThreadPool(8)) {
      List<Future<ArtifactId>> puts = IntStream.range(0, 64)
          .mapToObj(i -> threads.submit(() -> store.put("job-" + i, HELLO)))
          .toList();
      for (Future<ArtifactId> put : puts) {
        assertThat(store.read(put.get())).isEqualTo(HELLO);
      }
    }
  }
}
