package io.llmagentos.model.training.data;

import java.io.IOException;
import java.nio.file.Path;

/** Blocks of a stream of tokens, one after the other; what is left at its end is dropped, as {@code group_texts} of {@code run_clm.py} does. */
final class PackedExamples implements Examples {
  private final TokenShards tokens;
  private final int blockSize;

  PackedExamples(Path directory, String name, int blockSize) throws IOException {
    this.tokens = TokenShards.open(directory, name);
    this.blockSize = blockSize;
  }

  @Override
  public long size() {
    return tokens.size() / blockSize;
  }

  @Override
  public Example get(long index) {
    int[] block = tokens.get(index * blockSize, blockSize);
    return new Example(block, block);
  }

  @Override
  public String hash() {
    return tokens.hash();
  }

  @Override
  public void close() {
    tokens.close();
  }
}
