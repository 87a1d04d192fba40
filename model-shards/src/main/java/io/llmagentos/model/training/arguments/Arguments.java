package io.llmagentos.model.training.arguments;

import io.llmagentos.model.training.LoraConfig;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.settings.Settings;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The values of a training's arguments, each of which its type allows. Immutable. */
public final class Arguments {
  private static final String OLD_EVAL_STRATEGY = "evaluation_strategy";

  private final @Nullable TrainingTask task;
  private final String owner;
  private final Map<String, Argument<?>> known;
  private final Map<Argument<?>, Object> values;

  private Arguments(
      @Nullable TrainingTask task,
      String owner,
      Map<String, Argument<?>> known,
      Map<Argument<?>, Object> values) {
    this.task = task;
    this.owner = owner;
    this.known = known;
    this.values = values;
  }

  /**
   * Read what a user's file says. A value of null leaves the default.
   *
   * @throws AgentOsException {@code SETTINGS_UNKNOWN_KEY} with the nearest argument that the task has, {@code SETTINGS_INVALID} for values that are wrong or do
   *     not fit together
   */
  public static Arguments parse(TrainingTask task, Map<String, ?> given) {
    Map<String, Object> renamed = new LinkedHashMap<>(given);
    Object old = renamed.remove(OLD_EVAL_STRATEGY);
    if (old != null && renamed.put(TrainingArguments.EVAL_STRATEGY.name(), old) != null) {
      throw invalid(
          TrainingArguments.EVAL_STRATEGY, "is given twice, once as " + OLD_EVAL_STRATEGY);
    }
    Arguments arguments = parse(task, task.type(), task.arguments(), renamed);
    ArgumentChecks.check(task, arguments);
    return arguments;
  }

  /** Those of one argument that is a map. */
  static Arguments parse(String owner, List<Argument<?>> arguments, Map<?, ?> given) {
    return parse(null, owner, arguments, given);
  }

  private static Arguments parse(
      @Nullable TrainingTask task, String owner, List<Argument<?>> arguments, Map<?, ?> given) {
    Map<String, Argument<?>> known = new TreeMap<>();
    arguments.forEach(argument -> known.put(argument.name(), argument));
    Map<Argument<?>, Object> values = new LinkedHashMap<>();
    given.forEach((key, value) -> {
      String name = String.valueOf(key);
      Argument<?> argument = known.get(name);
      if (argument == null) {
        throw new AgentOsException(
            ErrorCode.SETTINGS_UNKNOWN_KEY,
            owner + " has no argument " + name
                + Settings.nearest(name, known.keySet())
                    .map(nearest -> "; did you mean " + nearest + "?")
                    .orElse(""),
            name);
      }
      if (value != null) {
        values.put(argument, argument.type().parse(name, value));
      }
    });
    return new Arguments(task, owner, known, values);
  }

  /** What they are arguments of. */
  public TrainingTask task() {
    return Objects.requireNonNull(task, owner);
  }

  /** The value, or its default. Fails for an argument that the task does not have. */
  @SuppressWarnings("unchecked") // put in as its type has parsed it
  public <T> T get(Argument<T> argument) {
    if (!has(argument)) {
      throw new IllegalArgumentException(owner + " has no argument " + argument);
    }
    @Nullable Object value = values.get(argument);
    return value == null ? argument.otherwise() : (T) value;
  }

  /** The value of an argument that the task need not have. */
  public <T> Optional<T> find(Argument<Optional<T>> argument) {
    return has(argument) ? get(argument) : Optional.empty();
  }

  /** Whether the task has this argument. */
  public boolean has(Argument<?> argument) {
    return argument.equals(known.get(argument.name()));
  }

  /** Whether the user has said something of it. */
  public boolean isSet(Argument<?> argument) {
    return values.containsKey(argument);
  }

  /** The seed of the order of the examples. */
  public long dataSeed() {
    return get(TrainingArguments.DATA_SEED).orElse(get(TrainingArguments.SEED));
  }

  /** Whether it evaluates at all. */
  public boolean evaluates() {
    return get(TrainingArguments.DO_EVAL)
        || get(TrainingArguments.EVAL_STRATEGY) != TrainingArguments.IntervalStrategy.NO;
  }

  /** Every argument with its value, as a file would say it; without those that are absent. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new TreeMap<>();
    known.forEach((name, argument) -> {
      Object value = get(argument);
      Object plain = value instanceof Optional<?> optional ? optional.orElse(null) : value;
      if (plain != null) {
        map.put(
            name,
            switch (plain) {
              case Enum<?> constant -> constant.toString();
              case LoraConfig adapter -> LoraArguments.toMap(adapter);
              default -> plain;
            });
      }
    });
    return map;
  }

  static AgentOsException invalid(Argument<?> argument, String what) {
    return new AgentOsException(ErrorCode.SETTINGS_INVALID, argument + " " + what, argument.name());
  }
}
