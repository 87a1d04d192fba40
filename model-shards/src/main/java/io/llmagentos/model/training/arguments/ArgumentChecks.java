package io.llmagentos.model.training.arguments;

import io.llmagentos.model.training.arguments.ModelArguments.TokenizerType;
import io.llmagentos.model.training.arguments.TrainingArguments.IntervalStrategy;

/** What arguments must have to do with each other. */
final class ArgumentChecks {
  private ArgumentChecks() {}

  static void check(TrainingTask task, Arguments arguments) {
    if (arguments.get(TrainingArguments.OUTPUT_DIR).isEmpty()) {
      throw Arguments.invalid(TrainingArguments.OUTPUT_DIR, "is not set");
    }
    if (arguments.get(DataArguments.TRAIN_FILE).isEmpty()) {
      throw Arguments.invalid(DataArguments.TRAIN_FILE, "is not set");
    }
    if (arguments.get(TrainingArguments.MAX_STEPS) == 0) {
      throw Arguments.invalid(
          TrainingArguments.MAX_STEPS, "is 0, must be at least 1, or -1 for num_train_epochs");
    }
    if (arguments.has(DataArguments.MLM_PROBABILITY)
        && arguments.get(DataArguments.MLM_PROBABILITY) == 0) {
      throw Arguments.invalid(
          DataArguments.MLM_PROBABILITY, "is 0.0, must be more than 0: what is hidden is learnt");
    }
    checkModel(task, arguments);
    checkTokenizer(task, arguments);
    checkBestModel(arguments);
    arguments
        .get(TrainingArguments.LR_SCHEDULER_TYPE)
        .check(arguments.get(TrainingArguments.LR_SCHEDULER_KWARGS));
  }

  private static void checkModel(TrainingTask task, Arguments arguments) {
    boolean directory = arguments.find(ModelArguments.MODEL_NAME_OR_PATH).isPresent();
    boolean config = arguments.find(ModelArguments.CONFIG).isPresent();
    if (directory && config) {
      throw Arguments.invalid(
          ModelArguments.CONFIG, "is set, and so is model_name_or_path: only one of them counts");
    }
    if (!directory && !config) {
      boolean either = arguments.has(ModelArguments.MODEL_NAME_OR_PATH);
      throw Arguments.invalid(
          either ? ModelArguments.MODEL_NAME_OR_PATH : ModelArguments.CONFIG,
          "is not set" + (either && arguments.has(ModelArguments.CONFIG) ? ", nor is config" : "")
              + ": " + task.type() + " must know its model");
    }
    if (!directory && arguments.find(ModelArguments.PEFT_CONFIG).isPresent()) {
      throw Arguments.invalid(
          ModelArguments.PEFT_CONFIG,
          "must go with model_name_or_path: random weights are nothing to adapt");
    }
    if (directory
        && arguments.has(ModelArguments.CONFIG_OVERRIDES)
        && !arguments.get(ModelArguments.CONFIG_OVERRIDES).isEmpty()) {
      throw Arguments.invalid(
          ModelArguments.CONFIG_OVERRIDES, "must go with config, not with model_name_or_path");
    }
  }

  private static void checkTokenizer(TrainingTask task, Arguments arguments) {
    boolean named = arguments.find(ModelArguments.TOKENIZER_NAME).isPresent();
    if (task == TrainingTask.TOOLS_FINETUNE) {
      requireVocabulary(arguments);
      return;
    }
    if (!arguments.find(ModelArguments.TOKENIZER_TYPE).isPresent()) {
      if (!named && !arguments.find(ModelArguments.MODEL_NAME_OR_PATH).isPresent()) {
        throw Arguments.invalid(
            ModelArguments.TOKENIZER_NAME, "is not set: a model from config has no tokenizer");
      }
      if (arguments.find(ModelArguments.VOCAB_SIZE).isPresent()) {
        throw Arguments.invalid(ModelArguments.VOCAB_SIZE, "must go with tokenizer_type");
      }
      return;
    }
    TokenizerType type = arguments.get(ModelArguments.TOKENIZER_TYPE).orElseThrow();
    if (named) {
      throw Arguments.invalid(
          ModelArguments.TOKENIZER_TYPE, "is set, and so is tokenizer_name: only one counts");
    }
    if (arguments.find(ModelArguments.MODEL_NAME_OR_PATH).isPresent()) {
      throw Arguments.invalid(
          ModelArguments.TOKENIZER_TYPE,
          "must go with config: the model at model_name_or_path knows its own tokens only");
    }
    if (task == TrainingTask.MLM_PRETRAIN && type != TokenizerType.WORDPIECE) {
      throw Arguments.invalid(
          ModelArguments.TOKENIZER_TYPE, "is " + type + ", must be wordpiece, which has a mask");
    }
    boolean sized = arguments.get(ModelArguments.VOCAB_SIZE).isPresent();
    if (sized == (type == TokenizerType.CHARACTER)) {
      throw Arguments.invalid(
          ModelArguments.VOCAB_SIZE,
          sized
              ? "is set: a tokenizer of type character has as many tokens as characters"
              : "is not set: a tokenizer of type " + type + " needs it");
    }
  }

  /** Of a model that begins with random weights the tokenizer is trained. */
  private static void requireVocabulary(Arguments arguments) {
    boolean trained = arguments.find(ModelArguments.CONFIG).isPresent();
    if (arguments.find(ModelArguments.VOCAB_SIZE).isPresent() != trained) {
      throw Arguments.invalid(
          ModelArguments.VOCAB_SIZE,
          trained
              ? "is not set: a model from config has a tokenizer trained, of that many tokens"
              : "must go with config: a model at model_name_or_path has its tokens");
    }
  }

  private static void checkBestModel(Arguments arguments) {
    boolean best = arguments.get(TrainingArguments.LOAD_BEST_MODEL_AT_END);
    IntervalStrategy eval = arguments.get(TrainingArguments.EVAL_STRATEGY);
    IntervalStrategy save = arguments.get(TrainingArguments.SAVE_STRATEGY);
    if (best && (eval == IntervalStrategy.NO || eval != save)) {
      throw Arguments.invalid(
          TrainingArguments.LOAD_BEST_MODEL_AT_END,
          "needs eval_strategy and save_strategy to be the same and not no; they are " + eval
              + " and " + save);
    }
    if (best && eval == IntervalStrategy.STEPS) {
      int evalSteps = arguments
          .get(TrainingArguments.EVAL_STEPS)
          .orElse(arguments.get(TrainingArguments.LOGGING_STEPS));
      int saveSteps = arguments.get(TrainingArguments.SAVE_STEPS);
      if (saveSteps % evalSteps != 0) {
        throw Arguments.invalid(
            TrainingArguments.SAVE_STEPS,
            "is " + saveSteps + ", must be a multiple of eval_steps, " + evalSteps
                + ", with load_best_model_at_end");
      }
    }
    if (!best) {
      for (Argument<?> argument : new Argument<?>[] {
        TrainingArguments.METRIC_FOR_BEST_MODEL,
        TrainingArguments.GREATER_IS_BETTER,
        TrainingArguments.EARLY_STOPPING_PATIENCE,
      }) {
        if (arguments.isSet(argument)) {
          throw Arguments.invalid(argument, "must go with load_best_model_at_end: true");
        }
      }
    }
    if (arguments.get(TrainingArguments.EARLY_STOPPING_THRESHOLD) > 0
        && !arguments.isSet(TrainingArguments.EARLY_STOPPING_PATIENCE)) {
      throw Arguments.invalid(
          TrainingArguments.EARLY_STOPPING_THRESHOLD, "must go with early_stopping_patience");
    }
  }
}
