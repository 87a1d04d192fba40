package io.llmagentos.model.training;

import ai.djl.engine.EngineException;
import io.llmagentos.model.weights.TransformerConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How a transformer computes. Kept in a checkpoint: only with the same settings does a training go on bit-equal.
 *
 * @param fusedAttention whether attention is one kernel that keeps no weights, where it can be: without dropout and position bias
 */
public record EngineSettings(Precision precision, Kernels kernels, boolean fusedAttention) {
  /** The definition's arithmetic. */
  public static final EngineSettings FLOAT32 =
      new EngineSettings(Precision.FLOAT32, Kernels.MKL, true);

  /** Above it the weights of an attention that is not fused take too much memory. */
  private static final int PLAIN_TOKENS = 512;

  private static final int TRIALS = 3;

  /** The settings that are the fastest here for such batches: each is tried on a model of this shape, which takes the time of some steps. */
  public static EngineSettings fastest(
      TransformerConfig config, Precision precision, Batch sample) {
    return fastest(config, null, precision, sample);
  }

  /** @param adapter that learns; null: all weights do */
  public static EngineSettings fastest(
      TransformerConfig config, @Nullable LoraConfig adapter, Precision precision, Batch sample) {
    EngineSettings best = new EngineSettings(precision, Kernels.MKL, true);
    long least = Long.MAX_VALUE;
    for (EngineSettings settings : candidates(precision, sample.inputIds()[0].length)) {
      long nanos = nanos(config, adapter, settings, sample).orElse(Long.MAX_VALUE);
      if (nanos < least) {
        least = nanos;
        best = settings;
      }
    }
    return best;
  }

  private static List<EngineSettings> candidates(Precision precision, int tokens) {
    List<EngineSettings> candidates = new ArrayList<>();
    // In bfloat16 both are the same.
    for (Kernels kernels :
        precision == Precision.FLOAT32 ? Kernels.values() : new Kernels[] {Kernels.MKL}) {
      candidates.add(new EngineSettings(precision, kernels, true));
      if (tokens <= PLAIN_TOKENS) {
        candidates.add(new EngineSettings(precision, kernels, false));
      }
    }
    return candidates;
  }

  /** The shortest trial; nothing where libtorch has no such kernel. */
  private static Optional<Long> nanos(
      TransformerConfig config,
      @Nullable LoraConfig adapter,
      EngineSettings settings,
      Batch sample) {
    try (Transformer model = Transformer.initial(config, settings, 0)) {
      if (adapter != null) {
        model.addAdapter(adapter, 0);
      }
      long least = Long.MAX_VALUE;
      for (int i = 0; i <= TRIALS; i++) {
        long started = System.nanoTime();
        Loss loss = model.accumulate(sample, 0);
        long nanos = System.nanoTime() - started;
        // The first one warms up.
        least = i == 0 || loss.targets() == 0 ? least : Math.min(least, nanos);
      }
      return Optional.of(least);
    } catch (EngineException e) {
      return Optional.empty();
    }
  }
}
