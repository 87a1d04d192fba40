package io.llmagentos.rl.algorithm;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.rl.policy.Convolution;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

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
  private final String expected;
  private final Function<Object, T> parser;

  private Option(
      Group group, String name, T otherwise, String expected, Function<Object, T> parser) {
    this.group = group;
    this.name = name;
    this.otherwise = otherwise;
    this.expected = expected;
    this.parser = parser;
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
    try {
      return new Setting(this, parser.apply(value));
    } catch (IllegalArgumentException | ClassCastException | NullPointerException e) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID,
          name + " is " + text(value) + ", must be " + expected,
          name,
          e);
    }
  }

  private static String text(Object value) {
    return value instanceof int[] widths ? Arrays.toString(widths) : String.valueOf(value);
  }

  @Override
  public String toString() {
    return name;
  }

  private static void require(boolean holds) {
    if (!holds) {
      throw new IllegalArgumentException("out of range");
    }
  }

  static Option<Double> real(Group group, String name, double otherwise, double min, double max) {
    String expected = "a number from " + text(min) + " to " + text(max);
    return new Option<>(group, name, otherwise, expected, value -> {
      double number = value instanceof String s && s.equals("inf")
          ? Double.POSITIVE_INFINITY
          : ((Number) value).doubleValue();
      require(number >= min && number <= max);
      return number;
    });
  }

  private static String text(double limit) {
    return limit == Double.POSITIVE_INFINITY ? "inf" : String.valueOf(limit);
  }

  static Option<Integer> integer(Group group, String name, int otherwise, int min) {
    return integer(group, name, otherwise, min, Integer.MAX_VALUE);
  }

  static Option<Integer> integer(Group group, String name, int otherwise, int min, int max) {
    String expected = max == Integer.MAX_VALUE
        ? "an integer of at least " + min
        : "an integer from " + min + " to " + max;
    return new Option<>(group, name, otherwise, expected, value -> {
      Number number = (Number) value;
      require(number.doubleValue() == number.intValue()
          && number.intValue() >= min
          && number.intValue() <= max);
      return number.intValue();
    });
  }

  /** A positive integer; 0 or "auto": worked out from other options. */
  static Option<Integer> integerOrAuto(Group group, String name) {
    return new Option<>(group, name, 0, "auto or an integer of at least 1", value -> {
      if (value.equals("auto") || value.equals(0)) {
        return 0;
      }
      Number number = (Number) value;
      require(number.doubleValue() == number.intValue() && number.intValue() >= 1);
      return number.intValue();
    });
  }

  static Option<Long> whole(Group group, String name, long otherwise) {
    return new Option<>(group, name, otherwise, "an integer", value -> {
      Number number = (Number) value;
      require(number.doubleValue() == number.longValue());
      return number.longValue();
    });
  }

  static Option<Boolean> flag(Group group, String name, boolean otherwise) {
    return new Option<>(group, name, otherwise, "true or false", Boolean.class::cast);
  }

  static Option<Schedule> schedule(
      Group group, String name, double otherwise, double min, double max) {
    String expected = "a number from " + text(min) + " to " + text(max)
        + ", or a list of [step, number] whose steps begin at 0 and grow";
    return new Option<>(group, name, Schedule.constant(otherwise), expected, value -> {
      Schedule schedule = Schedule.parse(value);
      require(schedule.within(min, max));
      return schedule;
    });
  }

  static Option<String> text(Group group, String name, String otherwise) {
    return new Option<>(group, name, otherwise, "a text", String.class::cast);
  }

  static <E extends Enum<E>> Option<E> choice(Group group, String name, E otherwise) {
    List<E> all = List.of(otherwise.getDeclaringClass().getEnumConstants());
    String expected = all.stream()
        .map(constant -> constant.name().toLowerCase(Locale.ROOT))
        .collect(Collectors.joining(", ", "one of ", ""));
    return new Option<>(group, name, otherwise, expected, value -> {
      for (E constant : all) {
        if (constant == value
            || (value instanceof String s
                && constant.name().toLowerCase(Locale.ROOT).equals(s))) {
          return constant;
        }
      }
      throw new IllegalArgumentException("no such choice");
    });
  }

  /** Widths of layers. */
  static Option<List<Integer>> widths(Group group, String name, List<Integer> otherwise) {
    return new Option<>(group, name, otherwise, "a list of integers of at least 1", value -> {
      List<Integer> widths = new ArrayList<>();
      for (Object entry : (List<?>) value) {
        Number number = (Number) entry;
        require(number.doubleValue() == number.intValue() && number.intValue() >= 1);
        widths.add(number.intValue());
      }
      return List.copyOf(widths);
    });
  }

  /** Convolutional layers. */
  static Option<List<Convolution>> convolutions(Group group, String name) {
    String expected = "a list of [filters, [height, width], stride], integers of at least 1";
    return new Option<>(group, name, List.of(), expected, value -> {
      List<Convolution> layers = new ArrayList<>();
      for (Object entry : (List<?>) value) {
        layers.add(entry instanceof Convolution layer ? layer : Convolution.parse((List<?>) entry));
      }
      return List.copyOf(layers);
    });
  }

  static Option<Map<String, Object>> map(Group group, String name) {
    return new Option<>(group, name, Map.of(), "a map", value -> {
      Map<String, Object> map = new TreeMap<>();
      ((Map<?, ?>) value).forEach((key, entry) -> map.put((String) key, entry));
      return Map.copyOf(map);
    });
  }
}
