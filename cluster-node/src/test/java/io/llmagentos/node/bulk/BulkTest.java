package io.llmagentos.node.bulk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.rank.TwoSystems;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class BulkTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final TwoSystems SYSTEMS = new TwoSystems();

  @AfterAll
  static void stop() {
    SYSTEMS.close();
  }

  @Test
  void shouldCarryBytesOfEverySizeToAnotherNode() throws Exception {
    for (int length :
        new int[] {0, 1, Bulk.INLINE, Bulk.INLINE + 1, BulkHost.CHUNK, BulkHost.CHUNK + 1, 20 << 20
        }) {
      byte[] bytes = random(length);
      Payload payload = SYSTEMS.overTheWire(SYSTEMS.firstBulk().offer(bytes, 1));
      assertThat(
              SYSTEMS.secondBulk().fetch(payload, LIMIT).toCompletableFuture().get())
          .isEqualTo(bytes);
    }
    await().atMost(LIMIT).until(() -> SYSTEMS.firstBulk().heldBytes() == 0);
  }

  @Test
  void shouldHoldUntilEveryReaderHasIt() throws Exception {
    byte[] bytes = random(3 << 20);
    Payload payload = SYSTEMS.overTheWire(SYSTEMS.firstBulk().offer(bytes, 3));
    List<CompletableFuture<byte[]>> reads = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      reads.add(SYSTEMS.secondBulk().fetch(payload, LIMIT).toCompletableFuture());
    }
    for (CompletableFuture<byte[]> read : reads) {
      assertThat(read.get()).isEqualTo(bytes);
    }
    await().atMost(LIMIT).until(() -> SYSTEMS.firstBulk().heldBytes() == 0);
    assertThat(SYSTEMS.secondBulk().fetch(payload, LIMIT).toCompletableFuture())
        .failsWithin(LIMIT)
        .withThrowableOfType(ExecutionException.class)
        .withCauseInstanceOf(AgentOsException.class)
        .withMessageContaining("not held any more");
  }

  @Test
  void shouldRefuseToHoldTooMuch() {
    assertThat(org.assertj.core.api.Assertions.catchThrowable(
            () -> SYSTEMS.firstBulk().offer(new byte[65 << 20], 1)))
        .isInstanceOf(AgentOsException.class)
        .hasMessageContaining("llmagentos.bulk.max-held");
  }

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }
}
