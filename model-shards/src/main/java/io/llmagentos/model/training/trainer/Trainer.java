package io.llmagentos.model.training.trainer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmagentos.model.training.Batch;
import io.llmagentos.model.training.GradientBuckets;
import io.llmagentos.model.training.Loss;
import io.llmagentos.model.training.OptimizerStep;
import io.llmagentos.model.training.Transformer;
import io.llmagentos.model.training.arguments.Arguments;
import io.llmagentos.model.training.arguments.BestModel;
import io.llmagentos.model.training.arguments.TrainingArguments;
import io.llmagentos.model.training.arguments.TrainingSteps;
import io.llmagentos.model.training.data.BatchSampler;
import io.llmagentos.model.training.data.Cursor;
import io.llmagentos.model.training.data.DataSeeds;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Trains a model as one of some ranks: each update adds the gradients of the rank's batches, divides those of all ranks by the targets of all ranks, and steps.
 * What a step does is a pure function of the arguments and the step, so that a training goes on from a state as if it had never stopped. All ranks see the same
 * sums and decide alike; whether somebody wants a pause travels with the gradient. For one thread.
 */
public final class Trainer {
  /** Hears of a training, and is asked. Only rank 0's is told of logs and saves. */
  public interface Observer {
    /** @param metrics of a step, in Hugging Face's words */
    void logged(long step, Map<String, Number> metrics);

    /** Keep the model, the optimizer and this state together; returns what finds them again. */
    String save(TrainerState state);

    /** Whether to save and pause after the step that runs. */
    boolean pausing();

    /** Whether to end at once, without anything. */
    boolean stopped();
  }

  /** Behind the gradient: loss, targets, tokens, whether to pause. */
  private static final int EXTRAS = 4;

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Arguments arguments;
  private final Transformer model;
  private final TrainingData data;
  private final TrainingSteps steps;
  private final Ranks ranks;
  private final Observer observer;
  private final LongSupplier nanoTime;
  private final BatchSampler sampler;
  private final @Nullable SharedGradient shared;
  private final List<JsonNode> history;
  private long step;
  private BestModel best;
  private String bestCheckpoint;
  private double lossSum;
  private double loggedLossSum;
  private long loggedStep;
  private long tokens;
  private long loggedNanos;

  /** @param state that the model is at */
  public Trainer(
      Arguments arguments,
      Transformer model,
      TrainingData data,
      TrainerState state,
      Ranks ranks,
      Observer observer,
      LongSupplier nanoTime) {
    this.arguments = arguments;
    this.model = model;
    this.data = data;
    this.steps = TrainingSteps.of(arguments, data.train().size());
    this.ranks = ranks;
    this.observer = observer;
    this.nanoTime = nanoTime;
    this.sampler = sampler(arguments, data, ranks.size());
    this.shared = ranks.size() == 1 ? null : new SharedGradient(buckets(), ranks, EXTRAS);
    this.history = new ArrayList<>(state.logHistory());
    this.step = state.step();
    this.best = state.best();
    this.bestCheckpoint = state.bestCheckpoint();
    this.lossSum = state.lossSum();
    this.loggedLossSum = state.loggedLossSum();
    this.loggedStep = state.loggedStep();
  }

  private static BatchSampler sampler(Arguments arguments, TrainingData data, int ranks) {
    int batchSize = arguments.get(TrainingArguments.PER_DEVICE_TRAIN_BATCH_SIZE);
    int batches = arguments.get(TrainingArguments.GRADIENT_ACCUMULATION_STEPS);
    long seed = arguments.dataSeed();
    return arguments.get(TrainingArguments.GROUP_BY_LENGTH)
        ? BatchSampler.groupedByLength(data.train(), batchSize, batches, ranks, seed)
        : BatchSampler.shuffled(data.train().size(), batchSize, batches, ranks, seed);
  }

  private GradientBuckets buckets() {
    double mebibytes = arguments.get(TrainingArguments.DDP_BUCKET_CAP_MB);
    return model.buckets((long) (mebibytes * (1 << 20) / Float.BYTES));
  }

  private record Sums(double loss, long targets, long tokens, boolean pausing, double norm) {}

  /**
   * Trains to the end, or to the step after which somebody wants a pause; the state is saved then.
   *
   * @return whether it is at its end
   * @throws AgentOsException {@code TRAINING_DIVERGED} with the step; {@code STOPPED}
   */
  public boolean train() {
    loggedNanos = nanoTime.getAsLong();
    while (!ended()) {
      if (observer.stopped()) {
        throw new AgentOsException(ErrorCode.STOPPED, "training was stopped after step " + step);
      }
      Sums sums = update();
      step++;
      lossSum += sums.loss() / sums.targets();
      tokens += sums.tokens();
      Map<String, Number> metrics = new LinkedHashMap<>();
      if (steps.logs(step)) {
        metrics.putAll(log(sums));
      }
      if (steps.evaluates(step)) {
        metrics.putAll(evaluate());
      }
      if (!metrics.isEmpty() && ranks.rank() == 0) {
        observer.logged(step, progress(metrics));
      }
      if (steps.saves(step) || ended() || sums.pausing()) {
        save();
      }
      if (sums.pausing() && !ended()) {
        return false;
      }
    }
    return true;
  }

  private boolean ended() {
    return step >= steps.maxSteps() || best.stops(arguments);
  }

  /** How it stands. */
  public TrainerState state() {
    return new TrainerState(
        step, best, bestCheckpoint, lossSum, loggedLossSum, loggedStep, history);
  }

  /** What Hugging Face's trainer says at its end, in {@code all_results.json}. */
  public Map<String, Number> summary() {
    Map<String, Number> summary = new LinkedHashMap<>();
    summary.put("epoch", epoch());
    summary.put("global_step", step);
    summary.put("train_samples", data.train().size());
    if (step > 0) {
      summary.put("train_loss", lossSum / step);
    }
    for (JsonNode line : history.reversed()) {
      if (line.has("eval_loss")) {
        line.properties().stream()
            .filter(metric -> metric.getKey().startsWith("eval_"))
            .forEach(metric -> summary.put(metric.getKey(), metric.getValue().numberValue()));
        break;
      }
    }
    return summary;
  }

  private double epoch() {
    return (double) step / steps.stepsPerEpoch();
  }

  // ---- one update

  private Sums update() {
    Loss loss = Loss.NONE;
    long read = 0;
    Cursor cursor = Cursor.after(step, steps.stepsPerEpoch());
    for (int micro = 0; micro < sampler.batchesPerStep(); micro++) {
      long[] indices = sampler.batch(cursor, micro, ranks.rank());
      if (indices.length > 0) {
        Batch batch = data.collator().collate(data.train(), indices, cursor.epoch());
        loss = loss.plus(accumulate(batch, micro));
        read += tokens(batch);
      }
    }
    return shared == null ? stepAlone(loss, read) : stepTogether(shared, loss, read);
  }

  private Loss accumulate(Batch batch, int micro) {
    long seed = DataSeeds.mix(arguments.get(TrainingArguments.SEED), step);
    seed = DataSeeds.mix(DataSeeds.mix(seed, micro), ranks.rank());
    double smoothing = arguments.get(TrainingArguments.LABEL_SMOOTHING_FACTOR);
    boolean last = micro == sampler.batchesPerStep() - 1;
    return last && shared != null
        ? shared.accumulate(batch, seed, smoothing)
        : model.accumulate(batch, seed, smoothing);
  }

  private static long tokens(Batch batch) {
    int @Nullable [][] mask = batch.attentionMask();
    return mask == null
        ? (long) batch.inputIds().length * batch.inputIds()[0].length
        : Arrays.stream(mask).flatMapToInt(Arrays::stream).sum();
  }

  private Sums stepAlone(Loss loss, long read) {
    requireTargets(loss.targets());
    double norm = model.step(1.0 / loss.targets(), optimizerStep());
    return new Sums(loss.sum(), loss.targets(), read, observer.pausing(), norm);
  }

  private Sums stepTogether(SharedGradient gradient, Loss loss, long read) {
    float[] mean = gradient.mean(
        (float) loss.sum(), (float) loss.targets(), (float) read, observer.pausing() ? 1 : 0);
    long targets = Math.round((double) mean[1] * ranks.size());
    requireTargets(targets);
    double norm = model.step((double) ranks.size() / targets, optimizerStep());
    return new Sums(
        (double) mean[0] * ranks.size(),
        targets,
        Math.round((double) mean[2] * ranks.size()),
        mean[3] > 0,
        norm);
  }

  private void requireTargets(long targets) {
    if (targets == 0) {
      throw new AgentOsException(
          ErrorCode.DATASET_INVALID,
          "the examples of step " + (step + 1) + " have nothing to learn: no token of them has a"
              + " label",
          "train_file");
    }
  }

  private OptimizerStep optimizerStep() {
    return new OptimizerStep.AdamW(
        steps.learningRate(step + 1),
        arguments.get(TrainingArguments.ADAM_BETA1),
        arguments.get(TrainingArguments.ADAM_BETA2),
        arguments.get(TrainingArguments.ADAM_EPSILON),
        arguments.get(TrainingArguments.WEIGHT_DECAY),
        arguments.get(TrainingArguments.MAX_GRAD_NORM));
  }

  // ---- what is said and kept

  private Map<String, Number> log(Sums sums) {
    Map<String, Number> metrics = new LinkedHashMap<>();
    metrics.put("loss", (lossSum - loggedLossSum) / (step - loggedStep));
    metrics.put("grad_norm", sums.norm());
    metrics.put("learning_rate", steps.learningRate(step));
    remember(metrics);
    loggedLossSum = lossSum;
    loggedStep = step;
    long now = nanoTime.getAsLong();
    metrics.put("train_tokens_per_second", tokens / Math.max(1e-9, (now - loggedNanos) / 1e9));
    loggedNanos = now;
    tokens = 0;
    return metrics;
  }

  private void remember(Map<String, Number> metrics) {
    Map<String, Number> line = new LinkedHashMap<>(metrics);
    line.put("epoch", epoch());
    line.put("step", step);
    history.add(JSON.valueToTree(line));
  }

  private Map<String, Number> progress(Map<String, Number> metrics) {
    Map<String, Number> line = new LinkedHashMap<>();
    line.put("step", step);
    line.put("epoch", epoch());
    line.putAll(metrics);
    line.put("progress", ended() ? 1 : (double) step / steps.maxSteps());
    return line;
  }

  private Map<String, Number> evaluate() {
    Map<String, Number> metrics =
        new Evaluation(arguments, model, data, ranks).of(data.validation().orElseThrow());
    remember(metrics);
    Number value = metrics.get(BestModel.metricName(arguments));
    if (value != null) {
      best = best.after(arguments, step, value.doubleValue());
      if (best.step() == step) {
        bestCheckpoint = "";
      }
    }
    return metrics;
  }

  private void save() {
    if (ranks.rank() != 0) {
      return;
    }
    String saved = observer.save(state());
    if (best.step() == step) {
      bestCheckpoint = saved;
    }
  }
}
