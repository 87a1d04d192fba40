package io.llmagentos.model.training.data;

import static io.llmagentos.model.training.data.TestData.refused;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenShardsTest {
  @TempDir
  private Path directory = Path.of("");

  private void write(int vocabulary, long shardTokens, int[] tokens) throws IOException {
    try (var writer = new TokenShardWriter(directory, "train", vocabulary, shardTokens)) {
      writer.add(tokens);
      writer.finish();
    }
  }

  private long files() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.count();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {65_536, 65_537})
  void shouldGiveBackWhatWasWrittenOverSeveralFiles(int vocabulary) throws IOException {
    int[] tokens = IntStream.range(0, 1000).map(i -> vocabulary - 1 - i * 37).toArray();
    write(vocabulary, 300, tokens);
    assertThat(files()).isEqualTo(4);
    assertThat(Files.size(TokenShardWriter.file(directory, "train", 3)))
        .isEqualTo(64 + 100 * (vocabulary == 65_536 ? 2 : 4));
    try (TokenShards shards = TokenShards.open(directory, "train")) {
      assertThat(shards.size()).isEqualTo(1000);
      assertThat(shards.get(0, 1000)).isEqualTo(tokens);
      assertThat(shards.get(299)).isEqualTo(tokens[299]);
      assertThat(shards.get(298, 5))
          .containsExactly(tokens[298], tokens[299], tokens[300], tokens[301], tokens[302]);
    }
  }

  @Test
  void shouldHaveNoTokensWhereNoneWereWritten() throws IOException {
    write(100, 300, new int[0]);
    try (TokenShards shards = TokenShards.open(directory, "train")) {
      assertThat(shards.size()).isZero();
    }
  }

  @Test
  void shouldHaveAHashOfItsTokens() throws IOException {
    String[] hashes = new String[3];
    for (int i = 0; i < hashes.length; i++) {
      write(100, 2, new int[] {1, 2, 3 + i / 2});
      try (TokenShards shards = TokenShards.open(directory, "train")) {
        hashes[i] = shards.hash();
      }
    }
    assertThat(hashes[0]).hasSize(64).isEqualTo(hashes[1]).isNotEqualTo(hashes[2]);
  }

  @Test
  void shouldNotBeThereUntilItIsComplete() throws IOException {
    try (var writer = new TokenShardWriter(directory, "train", 100, 10)) {
      writer.add(new int[25]);
    }
    assertThat(files()).isEqualTo(2); // two whole files, no last one, nothing half-written
    assertThat(refused(() -> TokenShards.open(directory, "train")))
        .contains("train-00002.tokens does not exist");
  }

  @Test
  void shouldNotMixWithWhatWasThereBefore() throws IOException {
    write(100, 10, new int[25]);
    write(100, 10, new int[15]);
    assertThat(files()).isEqualTo(2);
    write(100, 10, new int[25]);
    try (var writer = new TokenShardWriter(directory, "train", 100, 10)) {
      writer.add(new int[15]); // and then it dies
    }
    assertThat(refused(() -> TokenShards.open(directory, "train"))).contains("not complete");
  }

  @Test
  void shouldNoticeWhatWasCutOrChanged() throws IOException {
    write(100, 300, new int[] {1, 2, 3});
    Path file = TokenShardWriter.file(directory, "train", 0);
    byte[] whole = Files.readAllBytes(file);

    byte[] changed = whole.clone();
    changed[66] = 9;
    Files.write(file, changed);
    assertThat(refused(() -> TokenShards.open(directory, "train")))
        .isEqualTo(file + " does not have the hash that its header says");
    Files.write(file, Arrays.copyOf(whole, whole.length - 1));
    assertThat(refused(() -> TokenShards.open(directory, "train")))
        .isEqualTo(file + " has 69 bytes, its header says 70");
    Files.write(file, new byte[] {1, 2, 3});
    assertThat(refused(() -> TokenShards.open(directory, "train")))
        .isEqualTo(file + " is no token file number 0");
  }
}
