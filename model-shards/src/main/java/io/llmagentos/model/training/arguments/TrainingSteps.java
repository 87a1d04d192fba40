package io.llmagentos.model.training.arguments;

import io.llmagentos.model.training.arguments.TrainingArguments.IntervalStrategy;

/**
 * The updates of a training and what happens at them, computed as Hugging Face's Trainer does (since 4.46: a last, incomplete accumulation of an epoch is an
 * update too). Steps are counted from 1; step {@code n} is the {@code n}th update.
 *
 * @param arguments of the training
 * @param batchesPerEpoch batches of one rank in an epoch, the last incomplete one too
 * @param stepsPerEpoch updates of an epoch
 * @param maxSteps updates in all
 * @param epochs that are begun
 * @param warmupSteps updates with a growing learning rate
 */
public record TrainingSteps(
    Arguments arguments,
    long batchesPerEpoch,
    long stepsPerEpoch,
    long maxSteps,
    long epochs,
    long warmupSteps) {

  /** @param examples of the training set, at least 1 */
  public static TrainingSteps of(Arguments arguments, long examples) {
    long batch = (long) arguments.get(TrainingArguments.PER_DEVICE_TRAIN_BATCH_SIZE)
        * arguments.get(TrainingArguments.NUM_PROCESSES);
    long batches = Math.ceilDiv(examples, batch);
    long stepsPerEpoch =
        Math.ceilDiv(batches, arguments.get(TrainingArguments.GRADIENT_ACCUMULATION_STEPS));
    int limit = arguments.get(TrainingArguments.MAX_STEPS);
    double numTrainEpochs = arguments.get(TrainingArguments.NUM_TRAIN_EPOCHS);
    long maxSteps = limit > 0 ? limit : (long) Math.ceil(numTrainEpochs * stepsPerEpoch);
    int warmup = arguments.get(TrainingArguments.WARMUP_STEPS);
    return new TrainingSteps(
        arguments,
        batches,
        stepsPerEpoch,
        maxSteps,
        limit > 0 ? Math.ceilDiv(maxSteps, stepsPerEpoch) : (long) Math.ceil(numTrainEpochs),
        warmup > 0
            ? warmup
            : (long) Math.ceil(maxSteps * arguments.get(TrainingArguments.WARMUP_RATIO)));
  }

  /** The learning rate of a step. */
  public double learningRate(long step) {
    return arguments
        .get(TrainingArguments.LR_SCHEDULER_TYPE)
        .learningRate(
            arguments.get(TrainingArguments.LEARNING_RATE),
            step - 1,
            warmupSteps,
            maxSteps,
            arguments.get(TrainingArguments.LR_SCHEDULER_KWARGS));
  }

  /** Whether the loss is reported after a step. */
  public boolean logs(long step) {
    return step % arguments.get(TrainingArguments.LOGGING_STEPS) == 0 || step == maxSteps;
  }

  /** Whether it evaluates after a step. */
  public boolean evaluates(long step) {
    return (step == maxSteps && arguments.get(TrainingArguments.DO_EVAL))
        || due(
            arguments.get(TrainingArguments.EVAL_STRATEGY),
            arguments
                .get(TrainingArguments.EVAL_STEPS)
                .orElse(arguments.get(TrainingArguments.LOGGING_STEPS)),
            step);
  }

  /** Whether a checkpoint is saved after a step; after the last one unless checkpoints are off. */
  public boolean saves(long step) {
    IntervalStrategy strategy = arguments.get(TrainingArguments.SAVE_STRATEGY);
    return (step == maxSteps && strategy != IntervalStrategy.NO)
        || due(strategy, arguments.get(TrainingArguments.SAVE_STEPS), step);
  }

  private boolean due(IntervalStrategy strategy, int interval, long step) {
    return switch (strategy) {
      case NO -> false;
      case STEPS -> step % interval == 0;
      case EPOCH -> step % stepsPerEpoch == 0 || step == maxSteps;
    };
  }
}
