package io.llmagentos.model.training.data;

import java.io.IOException;
import java.nio.file.Path;

/** Examples of any length in three token files: inputs, labels, and how many of each an example has. */
final class ExampleStore implements Examples {
  /** Makes an example of a row. */
  interface Encoder {
    Example encode(Row row);
  }

  private final String hash;
  private final TokenShards inputs;
  private final TokenShards labels;
  private final long[] inputEnds;
  private final long[] labelEnds;

  private ExampleStore(TokenShards inputs, TokenShards labels, TokenShards lengths) {
    this.hash = String.join("-", inputs.hash(), labels.hash(), lengths.hash());
    this.inputs = inputs;
    this.labels = labels;
    int examples = Math.toIntExact(lengths.size() / 2);
    this.inputEnds = new long[examples + 1];
    this.labelEnds = new long[examples + 1];
    for (int i = 0; i < examples; i++) {
      inputEnds[i + 1] = inputEnds[i] + lengths.get(2L * i);
      labelEnds[i + 1] = labelEnds[i] + lengths.get(2L * i + 1);
    }
  }

  /** Writes an example for each row. */
  static void write(Path directory, String name, Corpus corpus, Encoder encoder)
      throws IOException {
    try (var inputs = new TokenShardWriter(directory, name + "-inputs", Integer.MAX_VALUE);
        var labels = new TokenShardWriter(directory, name + "-labels", Integer.MAX_VALUE);
        var lengths = new TokenShardWriter(directory, name + "-lengths", Integer.MAX_VALUE)) {
      corpus.forEach(row -> {
        Example example = encoder.encode(row);
        if (example.inputIds().length == 0 || example.labels().length == 0) {
          throw row.invalid("has a text without a token", "train_file");
        }
        inputs.add(example.inputIds());
        labels.add(example.labels());
        lengths.add(example.inputIds().length);
        lengths.add(example.labels().length);
      });
      inputs.finish();
      labels.finish();
      lengths.finish();
    }
  }

  static ExampleStore open(Path directory, String name) throws IOException {
    TokenShards inputs = TokenShards.open(directory, name + "-inputs");
    try {
      TokenShards labels = TokenShards.open(directory, name + "-labels");
      try (TokenShards lengths = TokenShards.open(directory, name + "-lengths")) {
        return new ExampleStore(inputs, labels, lengths);
      } catch (IOException | RuntimeException e) {
        labels.close();
        throw e;
      }
    } catch (IOException | RuntimeException e) {
      inputs.close();
      throw e;
    }
  }

  @Override
  public long size() {
    return inputEnds.length - 1L;
  }

  @Override
  public Example get(long index) {
    return new Example(
        part(inputs, inputEnds, Math.toIntExact(index)),
        part(labels, labelEnds, Math.toIntExact(index)));
  }

  @Override
  public int length(long index) {
    int at = Math.toIntExact(index);
    return Math.toIntExact(inputEnds[at + 1] - inputEnds[at]);
  }

  private static int[] part(TokenShards tokens, long[] ends, int index) {
    return tokens.get(ends[index], Math.toIntExact(ends[index + 1] - ends[index]));
  }

  @Override
  public String hash() {
    return hash;
  }

  @Override
  public void close() {
    inputs.close();
    labels.close();
  }
}
