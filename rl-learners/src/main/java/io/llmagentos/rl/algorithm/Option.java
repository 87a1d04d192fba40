package io.llmagentos.rl.algorithm;

import io.llmagentos.node.settings.ValueType;
import io.llmagentos.rl.policy.Convolution;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * One thing that can be set, by RLlib's name, in one of its groups. It says what a value may be; {@link #is} makes a {@link Setting}, which a fluent group takes.
 *
 * @param <T> its values, immutable
 */
public final class Option<T> {
  /** The fluent groups of a configuration. */
  public enum Group {
    ENVIRONMENT,
    ENV_RUNNERS,
    TRAINING,
    LEARNERS,
    RL_MODULE,
    EVALUATION,
    REPORTING,
    DEBUGGING;

    /** As files say it. */
    public String key() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final Group group;
  private final String name;
  private final T otherwise;
  private final ValueType<T> type;

  private Option(Group group, String name, T otherwise, ValueType<T> type) {
    this.group = group;
    this.name = name;
    this.otherwise = otherwise;
    this.type = type;
  }

  public Group group() {
    return group;
  }

  public String name() {
    return name;
  }

  /** The default, unless an algorithm has its own. */
  public T otherwise() {
    return otherwise;
  }

  /** This option with a value. Throws {@code SETTINGS_INVALID}. */
  public Setting is(T value) {
    return of(value);
  }

  /** This option with a value as a file says it. Throws {@code SETTINGS_INVALID}. */
  Setting of(Object value) {
    return new Setting(this, type.parse(name, value));
  }

  @Override
  public String toString() {
    return name;
  }

  static Option<Double> real(Group group, String name, double otherwise, double min, double max) {
    return new Option<>(group, name, otherwise, ValueType.real(min, max));
  }

  static Option<Integer> integer(Group group, String name, int otherwise, int min) {
    return new Option<>(group, name, otherwise, ValueType.integer(min));
  }

  static Option<Integer> integer(Group group, String name, int otherwise, int min, int max) {
    return new Option<>(group, name, otherwise, ValueType.integer(min, max));
  }

  /** A positive integer; 0 or "auto": worked out from other options. */
  static Option<Integer> integerOrAuto(Group group, String name) {
    return new Option<>(
        group, name, 0, new ValueType<>("auto or an integer of at least 1", value -> {
          if (value.equals("auto") || value.equals(0)) {
            return 0;
          }
          return ValueType.integer(1).parser().apply(value);
        }));
  }

  static Option<Long> whole(Group group, String name, long otherwise) {
    return new Option<>(group, name, otherwise, ValueType.WHOLE);
  }

  static Option<Boolean> flag(Group group, String name, boolean otherwise) {
    return new Option<>(group, name, otherwise, ValueType.FLAG);
  }

  static Option<Schedule> schedule(
      Group group, String name, double otherwise, double min, double max) {
    String expected = ValueType.real(min, max).expected()
        + ", or a list of [step, number] whose steps begin at 0 and grow";
    return new Option<>(
        group, name, Schedule.constant(otherwise), new ValueType<>(expected, value -> {
          Schedule schedule = Schedule.parse(value);
          ValueType.require(schedule.within(min, max));
          return schedule;
        }));
  }

  static Option<String> text(Group group, String name, String otherwise) {
    return new Option<>(group, name, otherwise, ValueType.TEXT);
  }

  static <E extends Enum<E>> Option<E> choice(Group group, String name, E otherwise) {
    return new Option<>(group, name, otherwise, ValueType.choice(otherwise.getDeclaringClass()));
  }

  /** Widths of layers. */
  static Option<List<Integer>> widths(Group group, String name, List<Integer> otherwise) {
    return new Option<>(
        group, name, otherwise, new ValueType<>("a list of integers of at least 1", value -> {
          List<Integer> widths = new ArrayList<>();
          for (Object entry : (List<?>) value) {
            widths.add(ValueType.integer(1).parser().apply(entry));
          }
          return List.copyOf(widths);
        }));
  }

  /** Convolutional layers. */
  static Option<List<Convolution>> convolutions(Group group, String name) {
    String expected = "a list of [filters, [height, width], stride], integers of at least 1";
    return new Option<>(group, name, List.of(), new ValueType<>(expected, value -> {
      List<Convolution> layers = new ArrayList<>();
      for (Object entry : (List<?>) value) {
        layers.add(entry instanceof Convolution layer ? layer : Convolution.parse((List<?>) entry));
      }
      return List.copyOf(layers);
    }));
  }

  static Option<Map<String, Object>> map(Group group, String name) {
    return new Option<>(group, name, Map.of(), ValueType.MAP);
  }
}
