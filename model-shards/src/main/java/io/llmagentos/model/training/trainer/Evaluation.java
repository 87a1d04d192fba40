package io.llmagentos.model.training.trainer;

import io.llmagentos.model.training.Batch;
import io.llmagentos.model.training.Evaluated;
import io.llmagentos.model.training.Loss;
import io.llmagentos.model.training.Transformer;
import io.llmagentos.model.training.arguments.Arguments;
import io.llmagentos.model.training.arguments.TrainingArguments;
import io.llmagentos.model.training.data.BatchSampler;
import io.llmagentos.model.training.data.Cursor;
import io.llmagentos.model.training.data.Examples;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** How well a model does on examples, by the ranks together. */
public final class Evaluation {
  static final String LOSS = "eval_loss";

  private final Arguments arguments;
  private final Transformer model;
  private final TrainingData data;
  private final Ranks ranks;

  Evaluation(Arguments arguments, Transformer model, TrainingData data, Ranks ranks) {
    this.arguments = arguments;
    this.model = model;
    this.data = data;
    this.ranks = ranks;
  }

  /** The names of what an evaluation with these arguments measures. */
  public static List<String> metrics(Arguments arguments) {
    List<String> names = new ArrayList<>(List.of(LOSS));
    wanted(arguments, Task.of(arguments).metrics()).forEach(metric -> names.add(metric.toString()));
    return names;
  }

  private static List<Metric> wanted(Arguments arguments, List<Metric> all) {
    boolean lossOnly = arguments.get(TrainingArguments.PREDICTION_LOSS_ONLY);
    return all.stream().filter(metric -> !lossOnly || !metric.ofPredictions()).toList();
  }

  Map<String, Number> of(Examples examples) {
    Map<Metric, double[]> sums = new EnumMap<>(Metric.class);
    for (Metric metric : wanted(arguments, data.metrics())) {
      sums.put(metric, new double[metric.width(model.config())]);
    }
    Loss loss = add(examples, sums);
    double mean = loss.mean();
    if (ranks.size() > 1) {
      mean = together(loss, sums);
    }
    Map<String, Number> metrics = new LinkedHashMap<>();
    metrics.put(LOSS, mean);
    for (Map.Entry<Metric, double[]> metric : sums.entrySet()) {
      metrics.put(metric.getKey().toString(), metric.getKey().value(mean, metric.getValue()));
    }
    return metrics;
  }

  private Loss add(Examples examples, Map<Metric, double[]> sums) {
    BatchSampler sampler = BatchSampler.sequential(
        examples.size(), arguments.get(TrainingArguments.PER_DEVICE_EVAL_BATCH_SIZE), ranks.size());
    double smoothing = arguments.get(TrainingArguments.LABEL_SMOOTHING_FACTOR);
    Loss loss = Loss.NONE;
    for (long step = 0; step < sampler.stepsPerEpoch(); step++) {
      long[] indices = sampler.batch(new Cursor(0, step), 0, ranks.rank());
      if (indices.length > 0) {
        Batch batch = data.evaluationCollator().collate(examples, indices, 0);
        Evaluated evaluated = model.evaluate(batch, smoothing);
        loss = loss.plus(evaluated.loss());
        sums.forEach((metric, own) -> metric.count(batch, evaluated, own));
      }
    }
    return loss;
  }

  /** Replaces the sums by the means of all ranks; returns the mean loss. */
  private double together(Loss loss, Map<Metric, double[]> sums) {
    int width = sums.values().stream().mapToInt(own -> own.length).sum();
    float[] vector = new float[2 + width];
    vector[0] = (float) loss.sum();
    vector[1] = loss.targets();
    int at = 2;
    for (double[] own : sums.values()) {
      for (double sum : own) {
        vector[at++] = (float) sum;
      }
    }
    float[] mean = ranks.mean(vector).join();
    at = 2;
    for (double[] own : sums.values()) {
      for (int i = 0; i < own.length; i++) {
        own[i] = mean[at++];
      }
    }
    return (double) mean[0] / mean[1];
  }
}
