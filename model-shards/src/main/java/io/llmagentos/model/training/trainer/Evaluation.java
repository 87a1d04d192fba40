package io.llmagentos.model.training.trainer;

import io.llmagentos.model.training.Batch;
import io.llmagentos.model.training.Loss;
import io.llmagentos.model.training.Transformer;
import io.llmagentos.model.training.arguments.Arguments;
import io.llmagentos.model.training.arguments.TrainingArguments;
import io.llmagentos.model.training.data.BatchSampler;
import io.llmagentos.model.training.data.Collator;
import io.llmagentos.model.training.data.Cursor;
import io.llmagentos.model.training.data.Examples;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** How well a language model does on examples, by the ranks together. */
final class Evaluation {
  static final String LOSS = "eval_loss";
  static final String PERPLEXITY = "eval_perplexity";
  static final String ACCURACY = "eval_accuracy";

  private final Arguments arguments;
  private final Transformer model;
  private final Ranks ranks;

  Evaluation(Arguments arguments, Transformer model, Ranks ranks) {
    this.arguments = arguments;
    this.model = model;
    this.ranks = ranks;
  }

  /** The metrics that an evaluation with these arguments has. */
  static List<String> metrics(Arguments arguments) {
    return arguments.get(TrainingArguments.PREDICTION_LOSS_ONLY)
        ? List.of(LOSS, PERPLEXITY)
        : List.of(LOSS, PERPLEXITY, ACCURACY);
  }

  Map<String, Number> of(Examples examples, Collator collator) {
    boolean lossOnly = arguments.get(TrainingArguments.PREDICTION_LOSS_ONLY);
    BatchSampler sampler = BatchSampler.sequential(
        examples.size(), arguments.get(TrainingArguments.PER_DEVICE_EVAL_BATCH_SIZE), ranks.size());
    Loss loss = Loss.NONE;
    long right = 0;
    for (long step = 0; step < sampler.stepsPerEpoch(); step++) {
      long[] indices = sampler.batch(new Cursor(0, step), 0, ranks.rank());
      if (indices.length > 0) {
        Batch batch = collator.collate(examples, indices, 0);
        loss = loss.plus(model.evaluate(batch));
        right += lossOnly ? 0 : right(batch);
      }
    }
    float[] mean =
        ranks.mean(new float[] {(float) loss.sum(), loss.targets(), right}).join();
    boolean alone = ranks.size() == 1;
    double value = alone ? loss.mean() : (double) mean[0] / mean[1];
    Map<String, Number> metrics = new LinkedHashMap<>();
    metrics.put(LOSS, value);
    metrics.put(PERPLEXITY, Math.exp(value));
    if (!lossOnly) {
      metrics.put(ACCURACY, alone ? (double) right / loss.targets() : (double) mean[2] / mean[1]);
    }
    return metrics;
  }

  /** Targets whose likeliest token is the label; a row at a time, since logits are many. */
  private long right(Batch batch) {
    long right = 0;
    for (int row = 0; row < batch.inputIds().length; row++) {
      int[] labels = Objects.requireNonNull(batch.labels())[row];
      Batch one = Batch.of(new int[][] {batch.inputIds()[row]});
      int @Nullable [][] mask = batch.attentionMask();
      float[][] logits =
          model.logits(mask == null ? one : one.withAttentionMask(new int[][] {mask[row]}));
      for (int t = 0; t + 1 < labels.length; t++) {
        right += labels[t + 1] != Batch.IGNORED && argMax(logits[t]) == labels[t + 1] ? 1 : 0;
      }
    }
    return right;
  }

  private static int argMax(float[] values) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      if (values[i] > values[best]) {
        best = i;
      }
    }
    return best;
  }
}
