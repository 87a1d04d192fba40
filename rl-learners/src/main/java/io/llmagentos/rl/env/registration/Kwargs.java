package io.llmagentos.rl.env.registration;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.settings.Settings;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** The options of one environment, read by name with a default. What nobody read is unknown. */
public final class Kwargs {
  private final String id;
  private final Map<String, Object> given;
  private final Set<String> read = new TreeSet<>();

  Kwargs(String id, Map<String, Object> given) {
    this.id = id;
    this.given = given;
  }

  boolean has(String name) {
    return given.containsKey(name);
  }

  public boolean flag(String name, boolean otherwise) {
    return get(name, Boolean.class, otherwise, "true or false");
  }

  public double number(String name, double otherwise) {
    return get(name, Number.class, otherwise, "a number").doubleValue();
  }

  public int integer(String name, int otherwise) {
    Number number = get(name, Number.class, otherwise, "an integer");
    if (number.doubleValue() != number.intValue()) {
      throw invalid(name, number, "an integer");
    }
    return number.intValue();
  }

  public String text(String name, String otherwise) {
    return get(name, String.class, otherwise, "a text");
  }

  /** A list of texts; empty if it was not given. */
  public List<String> texts(String name) {
    List<?> list = get(name, List.class, List.of(), "a list of texts");
    for (Object entry : list) {
      if (!(entry instanceof String)) {
        throw invalid(name, list, "a list of texts");
      }
    }
    return list.stream().map(String.class::cast).toList();
  }

  public double[] numbers(String name, double... otherwise) {
    read.add(name);
    Object value = given.get(name);
    if (value == null) {
      return otherwise;
    }
    if (!(value instanceof List<?> list) || !list.stream().allMatch(Number.class::isInstance)) {
      throw invalid(name, value, "a list of numbers");
    }
    return list.stream()
        .map(Number.class::cast)
        .mapToDouble(Number::doubleValue)
        .toArray();
  }

  /** For a value that the environment refuses. */
  public AgentOsException invalid(String name, Object value, String expected) {
    return new AgentOsException(
        ErrorCode.INVALID_REQUEST,
        id + ": " + name + " is " + value + ", must be " + expected,
        name);
  }

  private <T> T get(String name, Class<T> type, T otherwise, String expected) {
    read.add(name);
    Object value = given.get(name);
    if (value == null) {
      return otherwise;
    }
    if (!type.isInstance(value)) {
      throw invalid(name, value, expected);
    }
    return type.cast(value);
  }

  /** Refuses an option that was given and not read. */
  void refuseUnread() {
    for (String name : new TreeSet<>(given.keySet())) {
      if (!read.contains(name)) {
        throw new AgentOsException(
            ErrorCode.INVALID_REQUEST,
            id + " has no option '" + name + "'"
                + (read.isEmpty()
                    ? "; it has none"
                    : "; did you mean '" + Settings.nearest(name, read).orElseThrow() + "'? It has "
                        + read),
            name);
      }
    }
  }
}
