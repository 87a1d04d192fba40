package io.llmagentos.model.training.arguments;

import static io.llmagentos.model.training.arguments.DataArguments.*;
import static io.llmagentos.model.training.arguments.ModelArguments.*;
import static io.llmagentos.model.training.arguments.ToolArguments.*;
import static io.llmagentos.model.training.arguments.TrainingArguments.*;

import java.util.ArrayList;
import java.util.List;

/** What models are trained for, as {@code type} of a job, and the arguments that each has. */
public enum TrainingTask {
  /** A causal language model from random weights. */
  LM_PRETRAIN(
      "lm/pretrain",
      CONFIG,
      CONFIG_OVERRIDES,
      TOKENIZER_NAME,
      TOKENIZER_TYPE,
      VOCAB_SIZE,
      TEXT_COLUMN_NAME,
      BLOCK_SIZE,
      KEEP_LINEBREAKS,
      APPEND_EOD,
      PUBLISH),
  /** A causal language model from a directory, or from random weights. */
  LM_FINETUNE(
      "lm/finetune",
      MODEL_NAME_OR_PATH,
      CONFIG,
      CONFIG_OVERRIDES,
      TOKENIZER_NAME,
      TOKENIZER_TYPE,
      VOCAB_SIZE,
      TEXT_COLUMN_NAME,
      BLOCK_SIZE,
      KEEP_LINEBREAKS,
      APPEND_EOD,
      PUBLISH,
      PEFT_CONFIG),
  /** A masked language model. */
  MLM_PRETRAIN(
      "mlm/pretrain",
      MODEL_NAME_OR_PATH,
      CONFIG,
      CONFIG_OVERRIDES,
      TOKENIZER_NAME,
      TOKENIZER_TYPE,
      VOCAB_SIZE,
      TEXT_COLUMN_NAME,
      MAX_SEQ_LENGTH,
      MLM_PROBABILITY),
  /** One of several labels for a text. */
  CLASSIFY_FINETUNE(
      "classify/finetune",
      MODEL_NAME_OR_PATH,
      IGNORE_MISMATCHED_SIZES,
      TOKENIZER_NAME,
      TEXT_COLUMN_NAME,
      LABEL_COLUMN_NAME,
      MAX_SEQ_LENGTH,
      PEFT_CONFIG),
  /** A text from a text. */
  SEQ2SEQ_FINETUNE(
      "seq2seq/finetune",
      MODEL_NAME_OR_PATH,
      CONFIG,
      CONFIG_OVERRIDES,
      TOKENIZER_NAME,
      TEXT_COLUMN,
      SUMMARY_COLUMN,
      SOURCE_PREFIX,
      MAX_SOURCE_LENGTH,
      MAX_TARGET_LENGTH,
      PEFT_CONFIG),
  /** Calls of functions, out of requests. */
  TOOLS_FINETUNE(
      "tools/finetune",
      MODEL_NAME_OR_PATH,
      CONFIG,
      CONFIG_OVERRIDES,
      VOCAB_SIZE,
      MAX_SEQ_LENGTH,
      NGRAM_WEIGHT,
      VALUE_EXCHANGE_PROBABILITY,
      WORD_MASK_PROBABILITY,
      BPE_DROPOUT,
      REQUEST_LOSS_PROBABILITY,
      PUBLISH),
  /** An assistant's answers in chats. */
  SFT("sft", MODEL_NAME_OR_PATH, TOKENIZER_NAME, MAX_SEQ_LENGTH, PUBLISH, PEFT_CONFIG);

  private static final List<Argument<?>> COMMON = List.of(
      TRAIN_FILE,
      VALIDATION_FILE,
      VALIDATION_SPLIT_PERCENTAGE,
      MAX_LINE_BYTES,
      OUTPUT_DIR,
      OVERWRITE_OUTPUT_DIR,
      RESUME_FROM_CHECKPOINT,
      NUM_PROCESSES,
      NUM_CPU_THREADS_PER_PROCESS,
      DDP_TIMEOUT,
      DDP_BUCKET_CAP_MB,
      DO_EVAL,
      EVAL_STRATEGY,
      EVAL_STEPS,
      PREDICTION_LOSS_ONLY,
      PER_DEVICE_TRAIN_BATCH_SIZE,
      PER_DEVICE_EVAL_BATCH_SIZE,
      GRADIENT_ACCUMULATION_STEPS,
      GROUP_BY_LENGTH,
      LEARNING_RATE,
      WEIGHT_DECAY,
      ADAM_BETA1,
      ADAM_BETA2,
      ADAM_EPSILON,
      MAX_GRAD_NORM,
      LABEL_SMOOTHING_FACTOR,
      NUM_TRAIN_EPOCHS,
      MAX_STEPS,
      LR_SCHEDULER_TYPE,
      LR_SCHEDULER_KWARGS,
      WARMUP_RATIO,
      WARMUP_STEPS,
      LOGGING_STEPS,
      SAVE_STRATEGY,
      SAVE_STEPS,
      SAVE_TOTAL_LIMIT,
      LOAD_BEST_MODEL_AT_END,
      METRIC_FOR_BEST_MODEL,
      GREATER_IS_BETTER,
      EARLY_STOPPING_PATIENCE,
      EARLY_STOPPING_THRESHOLD,
      SEED,
      DATA_SEED,
      BF16,
      KERNELS);

  private final String type;

  @SuppressWarnings("ImmutableEnumChecker") // List.of
  private final List<Argument<?>> own;

  TrainingTask(String type, Argument<?>... own) {
    this.type = type;
    this.own = List.of(own);
  }

  /** The kind of job. */
  public String type() {
    return type;
  }

  /** All that it can be told. */
  public List<Argument<?>> arguments() {
    List<Argument<?>> all = new ArrayList<>(own);
    all.addAll(COMMON);
    return all;
  }
}
