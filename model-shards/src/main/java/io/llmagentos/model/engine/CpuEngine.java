package io.llmagentos.model.engine;

import io.llmagentos.model.weights.Checkpoint;
import io.llmagentos.model.weights.Gpt2Config;
import io.llmagentos.model.weights.LlamaConfig;
import io.llmagentos.model.weights.ModelConfig;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Decoder-only models on the CPU by the Vector API: f32 arithmetic over weights in f32 or bf16. Every output element is computed by one fixed chain
 * of operations, whatever else is in the batch, however tokens were split over steps, however many threads there are; so results repeat to the bit.
 */
public final class CpuEngine implements Engine {
  /** Rows of logits computed together. */
  private static final int OUTPUT_ROWS = 32;

  private static final int WARM_UP_TOKENS = 16;
  private static final int WARM_UP_ROUNDS = 200;
  private static final long WARM_UP_NANOS = 2_000_000_000L;

  private final ModelConfig config;
  private final String weightVersion;
  private final Arena arena;
  private final Workers workers;
  private final KvCache cache;
  private final Network network;
  private final int contextLength;
  private final Rows rows;
  /** Per row of the pass, which feed ends there, or -1. */
  private final int[] feedEndingAt;

  private final int finishedStride;
  private final float[] finished;
  private final int outputStride;
  private final float[] output;
  private final int[] outputFeeds = new int[OUTPUT_ROWS];
  private final Map<Integer, Sequence> sequences = new HashMap<>();
  private int lastHandle;
  private Network.@Nullable Tap tap;

  /** Copies what it needs from {@code checkpoint}, which may be closed afterwards. */
  @SuppressWarnings("MustBeClosedChecker")
  public CpuEngine(Checkpoint checkpoint, CpuEngineSettings settings) {
    config = checkpoint.config();
    weightVersion = checkpoint.version();
    long room = (long) settings.kvBlocks() * settings.kvBlockTokens();
    contextLength = (int) Math.min(config.contextLength(), room);
    arena = Arena.ofShared();
    workers = new Workers(settings.threads(), arena);
    try {
      cache = cache(config, settings, arena);
      network = network(checkpoint, settings);
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
    rows = new Rows(settings.prefillRows());
    feedEndingAt = new int[settings.prefillRows()];
    finishedStride = Lanes.padded(network.output().inputs());
    finished = new float[OUTPUT_ROWS * finishedStride];
    outputStride = Lanes.padded(network.output().outputs());
    output = new float[OUTPUT_ROWS * outputStride];
  }

  /**
   * Load a Hugging Face model directory.
   *
   * @throws io.llmagentos.node.error.AgentOsException {@code MODEL_FILE_MISSING}, {@code MODEL_FILE_CORRUPT} or {@code MODEL_UNSUPPORTED}
   */
  public static CpuEngine load(Path directory, CpuEngineSettings settings) {
    try (Checkpoint checkpoint = Checkpoint.open(directory)) {
      return new CpuEngine(checkpoint, settings);
    }
  }

  private static KvCache cache(ModelConfig config, CpuEngineSettings settings, Arena arena) {
    int tokens = settings.kvBlockTokens();
    int blocks = settings.kvBlocks();
    return switch (config) {
      case LlamaConfig llama ->
        new KvCache(
            arena,
            llama.numHiddenLayers(),
            llama.numKeyValueHeads(),
            llama.headDim(),
            tokens,
            blocks);
      case Gpt2Config gpt2 ->
        new KvCache(arena, gpt2.nLayer(), gpt2.nHead(), gpt2.headDim(), tokens, blocks);
    };
  }

  private Network network(Checkpoint checkpoint, CpuEngineSettings settings) {
    return switch (config) {
      case LlamaConfig llama ->
        new LlamaNetwork(checkpoint, llama, settings, arena, cache, workers, contextLength);
      case Gpt2Config gpt2 -> new Gpt2Network(checkpoint, gpt2, settings, arena, cache, workers);
    };
  }

  @Override
  public int vocabularySize() {
    return config.vocabSize();
  }

  @Override
  public int contextLength() {
    return contextLength;
  }

  @Override
  public String weightVersion() {
    return weightVersion;
  }

  @Override
  public int open(int tokens) {
    return open(tokens, 0);
  }

  /** Open a sequence whose first token stands at a position other than 0. */
  int open(int tokens, int firstPosition) {
    if (tokens < 1 || tokens > contextLength - firstPosition) {
      throw new IllegalArgumentException("a sequence of " + tokens + " tokens from position "
          + firstPosition + ": 1 to " + (contextLength - firstPosition) + " are possible");
    }
    Optional<int[]> blocks = cache.reserve(tokens);
    if (blocks.isEmpty()) {
      return -1;
    }
    lastHandle = lastHandle == Integer.MAX_VALUE ? 1 : lastHandle + 1;
    sequences.put(lastHandle, new Sequence(blocks.get(), tokens, firstPosition));
    return lastHandle;
  }

  @Override
  public void close(int sequence) {
    Sequence closed = sequences.remove(sequence);
    if (closed == null) {
      throw new IllegalArgumentException("sequence " + sequence + " is not open");
    }
    cache.release(closed.blocks());
  }

  /**
   * Run made-up sequences so that the kernels are compiled before the first request: at most {@code WARM_UP_ROUNDS} or about two seconds. Does
   * nothing when the cache has no room.
   */
  public void warmUp() {
    int tokens = Math.min(WARM_UP_TOKENS, contextLength);
    float[][] logits = new float[1][vocabularySize()];
    long end = System.nanoTime() + WARM_UP_NANOS;
    for (int round = 0; round < WARM_UP_ROUNDS && System.nanoTime() - end < 0; round++) {
      int sequence = open(tokens);
      if (sequence < 0) {
        return;
      }
      forward(List.of(new Feed(sequence, new int[Math.max(1, tokens / 2)])), logits);
      for (int i = Math.max(1, tokens / 2); i < tokens; i++) {
        forward(List.of(new Feed(sequence, new int[1])), logits);
      }
      close(sequence);
    }
  }

  @Override
  public void forward(List<Feed> feeds, float[][] logits) {
    requireValid(feeds, logits);
    rows.clear();
    for (int feed = 0; feed < feeds.size(); feed++) {
      Sequence sequence = sequence(feeds.get(feed).sequence());
      int[] tokens = feeds.get(feed).tokens();
      for (int i = 0; i < tokens.length; i++) {
        feedEndingAt[rows.count] = i == tokens.length - 1 ? feed : -1;
        rows.add(sequence, tokens[i]);
        if (rows.isFull()) {
          pass(logits);
        }
      }
    }
    if (rows.count > 0) {
      pass(logits);
    }
  }

  /** Nothing is appended unless everything can be. */
  private void requireValid(List<Feed> feeds, float[][] logits) {
    if (logits.length < feeds.size()) {
      throw new IllegalArgumentException(
          "logits has " + logits.length + " rows for " + feeds.size() + " feeds");
    }
    Map<Integer, Integer> lengths = new HashMap<>();
    for (int feed = 0; feed < feeds.size(); feed++) {
      int handle = feeds.get(feed).sequence();
      int[] tokens = feeds.get(feed).tokens();
      Sequence sequence = sequence(handle);
      int length = lengths.merge(handle, tokens.length, Integer::sum) + sequence.length();
      if (tokens.length == 0 || length > sequence.capacity()) {
        throw new IllegalArgumentException("sequence " + handle + " was opened for "
            + sequence.capacity() + " tokens, would hold " + length + " after "
            + tokens.length + " more (at least 1)");
      }
      if (logits[feed].length < vocabularySize()) {
        throw new IllegalArgumentException("logits row " + feed + " has " + logits[feed].length
            + " elements for a vocabulary of " + vocabularySize());
      }
      for (int token : tokens) {
        if (token < 0 || token >= vocabularySize()) {
          throw new IllegalArgumentException(
              "token " + token + " is not in the vocabulary of " + vocabularySize());
        }
      }
    }
  }

  private Sequence sequence(int handle) {
    Sequence sequence = sequences.get(handle);
    if (sequence == null) {
      throw new IllegalArgumentException("sequence " + handle + " is not open");
    }
    return sequence;
  }

  private void pass(float[][] logits) {
    network.run(rows, tap);
    int waiting = 0;
    for (int row = 0; row < rows.count; row++) {
      if (feedEndingAt[row] >= 0) {
        network.finish(row, finished, waiting * finishedStride);
        outputFeeds[waiting++] = feedEndingAt[row];
        if (waiting == OUTPUT_ROWS) {
          output(waiting, logits);
          waiting = 0;
        }
      }
    }
    if (waiting > 0) {
      output(waiting, logits);
    }
    rows.clear();
  }

  private void output(int count, float[][] logits) {
    if (tap != null) {
      tap.hidden(-1, finished, finishedStride, count);
    }
    network.output().multiply(workers, finished, finishedStride, count, output, outputStride);
    for (int i = 0; i < count; i++) {
      System.arraycopy(output, i * outputStride, logits[outputFeeds[i]], 0, vocabularySize());
    }
  }

  /** Bytes of weights that a step reads. */
  long weightBytes() {
    return network.weightBytes();
  }

  int freeBlocks() {
    return cache.freeBlocks();
  }

  void tap(Network.Tap tap) {
    this.tap = tap;
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      workers.close();
      arena.close();
    }
  }
}
