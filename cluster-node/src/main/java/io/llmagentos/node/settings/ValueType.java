package io.llmagentos.node.settings;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What an option of a YAML or JSON file may be: how its value becomes a Java value, and how that is said to people.
 *
 * @param expected completes "must be"
 * @param parser from the file's value, or from a value that is one already; throws IllegalArgumentException, ClassCastException or NullPointerException
 * @param <T> the Java values, immutable
 */
public record ValueType<T>(String expected, Function<Object, T> parser) {
  public static final ValueType<Boolean> FLAG =
      new ValueType<>("true or false", Boolean.class::cast);

  public static final ValueType<String> TEXT = new ValueType<>("a text", String.class::cast);

  public static final ValueType<Long> WHOLE = new ValueType<>("an integer", value -> {
    Number number = (Number) value;
    require(number.doubleValue() == number.longValue());
    return number.longValue();
  });

  public static final ValueType<Map<String, Object>> MAP = new ValueType<>("a map", value -> {
    Map<String, Object> map = new TreeMap<>();
    ((Map<?, ?>) value).forEach((key, entry) -> map.put((String) key, entry));
    return Map.copyOf(map);
  });

  /** The value of the option {@code name}. Throws {@code SETTINGS_INVALID}. */
  public T parse(String name, @Nullable Object value) {
    try {
      return parser.apply(value);
    } catch (IllegalArgumentException | ClassCastException | NullPointerException e) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID, name + " is " + value + ", must be " + expected, name, e);
    }
  }

  /** Also {@code inf}, and {@code 5e-5}, which YAML takes for a text. */
  public static ValueType<Double> real(double min, double max) {
    String expected = "a number from " + limit(min) + " to " + limit(max);
    return new ValueType<>(expected, value -> {
      double number = value instanceof String text
          ? text.equals("inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(text)
          : ((Number) value).doubleValue();
      require(number >= min && number <= max);
      return number;
    });
  }

  private static String limit(double limit) {
    return limit == Double.POSITIVE_INFINITY ? "inf" : String.valueOf(limit);
  }

  public static ValueType<Integer> integer(int min) {
    return integer(min, Integer.MAX_VALUE);
  }

  public static ValueType<Integer> integer(int min, int max) {
    String expected = max == Integer.MAX_VALUE
        ? "an integer of at least " + min
        : "an integer from " + min + " to " + max;
    return new ValueType<>(expected, value -> {
      Number number = (Number) value;
      require(number.doubleValue() == number.intValue()
          && number.intValue() >= min
          && number.intValue() <= max);
      return number.intValue();
    });
  }

  /** A constant, written in lower case. */
  public static <E extends Enum<E>> ValueType<E> choice(Class<E> type) {
    List<E> all = List.of(type.getEnumConstants());
    String expected = all.stream()
        .map(constant -> constant.name().toLowerCase(Locale.ROOT))
        .collect(Collectors.joining(", ", "one of ", ""));
    return new ValueType<>(expected, value -> {
      // YAML takes an unquoted no for false.
      Object text = Boolean.FALSE.equals(value) ? "no" : value;
      for (E constant : all) {
        if (constant == text || constant.name().toLowerCase(Locale.ROOT).equals(text)) {
          return constant;
        }
      }
      throw new IllegalArgumentException("no such choice");
    });
  }

  /** Refuses a value, within a parser. */
  public static void require(boolean holds) {
    if (!holds) {
      throw new IllegalArgumentException("out of range");
    }
  }
}
