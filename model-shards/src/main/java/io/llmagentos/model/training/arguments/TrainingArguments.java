package io.llmagentos.model.training.arguments;

import io.llmagentos.model.training.Kernels;
import io.llmagentos.node.settings.ValueType;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** How it is trained: Hugging Face's {@code TrainingArguments} and {@code EarlyStoppingCallback}, with their defaults. */
public final class TrainingArguments {
  private static final double INF = Double.POSITIVE_INFINITY;

  /** When something happens. */
  public enum IntervalStrategy {
    NO,
    STEPS,
    EPOCH;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Where checkpoints and the trained model go. */
  public static final Argument<Optional<String>> OUTPUT_DIR = Argument.text("output_dir");

  /** Whether {@link #OUTPUT_DIR} may hold something else already. */
  public static final Argument<Boolean> OVERWRITE_OUTPUT_DIR =
      Argument.flag("overwrite_output_dir", false);

  /** A checkpoint to go on from: its path, or {@code true} for the last one in {@link #OUTPUT_DIR}. */
  public static final Argument<Optional<String>> RESUME_FROM_CHECKPOINT =
      Argument.optional("resume_from_checkpoint", new ValueType<>("true or a path", value -> {
        ValueType.require(value instanceof String || value.equals(true));
        return value.toString();
      }));

  /** Ranks, each a process of its own: the word of Accelerate's launcher, where Hugging Face's users say how many there are. */
  public static final Argument<Integer> NUM_PROCESSES =
      new Argument<>("num_processes", 1, ValueType.integer(1, 4096));

  /** Cores of each rank: Accelerate's word. Results repeat for the same number. */
  public static final Argument<Integer> NUM_CPU_THREADS_PER_PROCESS =
      new Argument<>("num_cpu_threads_per_process", 1, ValueType.integer(1, 1024));

  /** Seconds within which every rank must have done its part of a step. */
  public static final Argument<Integer> DDP_TIMEOUT = Argument.integer("ddp_timeout", 1800, 1);

  /**
   * MiB of the gradient that are averaged at a time, at least, while the rest is computed. Less than PyTorch's 25: models that CPUs train would be one bucket. More
   * than a transfer's fixed costs weigh.
   */
  public static final Argument<Double> DDP_BUCKET_CAP_MB =
      Argument.real("ddp_bucket_cap_mb", 4, 0, INF);

  /** The name to publish the trained model by in this cluster. Ours. */
  public static final Argument<Optional<String>> PUBLISH = Argument.text("publish");

  /** Whether to evaluate at the end. */
  public static final Argument<Boolean> DO_EVAL = Argument.flag("do_eval", false);

  public static final Argument<IntervalStrategy> EVAL_STRATEGY =
      Argument.choice("eval_strategy", IntervalStrategy.NO);

  /** By default {@link #LOGGING_STEPS}. */
  public static final Argument<Optional<Integer>> EVAL_STEPS =
      Argument.optional("eval_steps", ValueType.integer(1));

  /** Whether an evaluation computes the loss alone. */
  public static final Argument<Boolean> PREDICTION_LOSS_ONLY =
      Argument.flag("prediction_loss_only", false);

  public static final Argument<Integer> PER_DEVICE_TRAIN_BATCH_SIZE =
      Argument.integer("per_device_train_batch_size", 8, 1);

  public static final Argument<Integer> PER_DEVICE_EVAL_BATCH_SIZE =
      Argument.integer("per_device_eval_batch_size", 8, 1);

  /** Batches whose gradients make one update. */
  public static final Argument<Integer> GRADIENT_ACCUMULATION_STEPS =
      Argument.integer("gradient_accumulation_steps", 1, 1);

  /** Whether examples of about the same length share a batch: less is padded. */
  public static final Argument<Boolean> GROUP_BY_LENGTH = Argument.flag("group_by_length", false);

  public static final Argument<Double> LEARNING_RATE = Argument.real("learning_rate", 5e-5, 0, INF);

  /** Of parameters with two dimensions or more. */
  public static final Argument<Double> WEIGHT_DECAY = Argument.real("weight_decay", 0, 0, INF);

  public static final Argument<Double> ADAM_BETA1 = Argument.real("adam_beta1", 0.9, 0, 1);
  public static final Argument<Double> ADAM_BETA2 = Argument.real("adam_beta2", 0.999, 0, 1);

  public static final Argument<Double> ADAM_EPSILON = Argument.real("adam_epsilon", 1e-8, 0, INF);

  /** Limit of the gradient's norm; 0: none. */
  public static final Argument<Double> MAX_GRAD_NORM = Argument.real("max_grad_norm", 1, 0, INF);

  /** May have a fraction. */
  public static final Argument<Double> NUM_TRAIN_EPOCHS =
      Argument.real("num_train_epochs", 3, 0, INF);

  /** Updates, if positive; then {@link #NUM_TRAIN_EPOCHS} says nothing. */
  public static final Argument<Integer> MAX_STEPS = Argument.integer("max_steps", -1, -1);

  public static final Argument<SchedulerType> LR_SCHEDULER_TYPE =
      Argument.choice("lr_scheduler_type", SchedulerType.LINEAR);

  /** {@code num_cycles}; {@code min_lr}; {@code power} and {@code lr_end}. */
  public static final Argument<Map<String, Object>> LR_SCHEDULER_KWARGS =
      new Argument<>("lr_scheduler_kwargs", Map.of(), ValueType.MAP);

  public static final Argument<Double> WARMUP_RATIO = Argument.real("warmup_ratio", 0, 0, 1);

  /** Counts before {@link #WARMUP_RATIO} unless it is 0. */
  public static final Argument<Integer> WARMUP_STEPS = Argument.integer("warmup_steps", 0, 0);

  /** How much of each target is spread over all labels, in the loss of training and evaluation. */
  public static final Argument<Double> LABEL_SMOOTHING_FACTOR =
      Argument.real("label_smoothing_factor", 0, 0, 1);

  public static final Argument<Integer> LOGGING_STEPS = Argument.integer("logging_steps", 500, 1);

  public static final Argument<IntervalStrategy> SAVE_STRATEGY =
      Argument.choice("save_strategy", IntervalStrategy.STEPS);

  public static final Argument<Integer> SAVE_STEPS = Argument.integer("save_steps", 500, 1);

  /** Checkpoints that are kept, the best one apart; by default all. */
  public static final Argument<Optional<Integer>> SAVE_TOTAL_LIMIT =
      Argument.optional("save_total_limit", ValueType.integer(1));

  public static final Argument<Boolean> LOAD_BEST_MODEL_AT_END =
      Argument.flag("load_best_model_at_end", false);

  /** With or without {@code eval_} before it; by default the loss. */
  public static final Argument<Optional<String>> METRIC_FOR_BEST_MODEL =
      Argument.text("metric_for_best_model");

  /** By default whether the metric is no loss. */
  public static final Argument<Optional<Boolean>> GREATER_IS_BETTER =
      Argument.optional("greater_is_better", ValueType.FLAG);

  /** Evaluations without a better metric after which a training ends. */
  public static final Argument<Optional<Integer>> EARLY_STOPPING_PATIENCE =
      Argument.optional("early_stopping_patience", ValueType.integer(1));

  /** What counts as better. */
  public static final Argument<Double> EARLY_STOPPING_THRESHOLD =
      Argument.real("early_stopping_threshold", 0, 0, INF);

  public static final Argument<Long> SEED = new Argument<>("seed", 42L, ValueType.WHOLE);

  /** Of the order of the examples; by default {@link #SEED}. */
  public static final Argument<Optional<Long>> DATA_SEED =
      Argument.optional("data_seed", ValueType.WHOLE);

  /** Whether matrices are multiplied in bfloat16. */
  public static final Argument<Boolean> BF16 = Argument.flag("bf16", false);

  /**
   * Who multiplies matrices, in float32: their roundings differ. By default whoever is faster on the driver's node, found by trying when a training begins, and
   * kept with its checkpoints. Ours.
   */
  public static final Argument<Optional<Kernels>> KERNELS =
      Argument.optional("kernels", ValueType.choice(Kernels.class));

  private TrainingArguments() {}
}
