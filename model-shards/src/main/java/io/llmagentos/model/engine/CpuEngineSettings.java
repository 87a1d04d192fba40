package io.llmagentos.model.engine;

/**
 * How a {@link CpuEngine} uses its machine.
 *
 * @param threads compute threads, the caller's included; results do not depend on it
 * @param kvBlockTokens positions in one block of the key/value cache
 * @param kvBlocks blocks in all; a token takes {@code 2 * layers * kv heads * head width} floats
 * @param prefillRows most rows computed in one pass; longer prompts take several, with the same result
 * @param storage width of the weights in memory
 */
public record CpuEngineSettings(
    int threads, int kvBlockTokens, int kvBlocks, int prefillRows, WeightStorage storage) {
  private static final int BLOCK_TOKENS = 16;
  private static final int PREFILL_ROWS = 128;

  public CpuEngineSettings {
    requirePositive("threads", threads);
    requirePositive("kvBlockTokens", kvBlockTokens);
    requirePositive("kvBlocks", kvBlocks);
    requirePositive("prefillRows", prefillRows);
    Math.multiplyExact(kvBlocks, kvBlockTokens);
  }

  /** Room for {@code cacheTokens} tokens over all sequences, weights as stored. */
  public static CpuEngineSettings create(int threads, int cacheTokens) {
    return new CpuEngineSettings(
        threads,
        BLOCK_TOKENS,
        Math.ceilDiv(cacheTokens, BLOCK_TOKENS),
        PREFILL_ROWS,
        WeightStorage.AS_STORED);
  }

  public CpuEngineSettings withStorage(WeightStorage storage) {
    return new CpuEngineSettings(threads, kvBlockTokens, kvBlocks, prefillRows, storage);
  }

  private static void requirePositive(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " must be 1 or more, is " + value);
    }
  }
}
