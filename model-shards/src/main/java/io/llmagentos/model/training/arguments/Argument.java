package io.llmagentos.model.training.arguments;

import io.llmagentos.node.settings.ValueType;
import java.util.List;
import java.util.Optional;

/**
 * One field of a training's file: its name, its default, what its value may be.
 *
 * @param otherwise the default
 * @param <T> the values, immutable
 */
public record Argument<T>(String name, T otherwise, ValueType<T> type) {
  static Argument<Optional<String>> text(String name) {
    return optional(name, ValueType.TEXT);
  }

  static Argument<String> text(String name, String otherwise) {
    return new Argument<>(name, otherwise, ValueType.TEXT);
  }

  static Argument<Boolean> flag(String name, boolean otherwise) {
    return new Argument<>(name, otherwise, ValueType.FLAG);
  }

  static Argument<Integer> integer(String name, int otherwise, int min) {
    return new Argument<>(name, otherwise, ValueType.integer(min));
  }

  static Argument<Double> real(String name, double otherwise, double min, double max) {
    return new Argument<>(name, otherwise, ValueType.real(min, max));
  }

  static <E extends Enum<E>> Argument<E> choice(String name, E otherwise) {
    return new Argument<>(name, otherwise, ValueType.choice(otherwise.getDeclaringClass()));
  }

  /** A field whose absence means something of its own. */
  static <T> Argument<Optional<T>> optional(String name, ValueType<T> type) {
    return new Argument<>(
        name,
        Optional.empty(),
        new ValueType<>(type.expected(), value -> Optional.of(type.parser().apply(value))));
  }

  /** A text or a list of them. */
  static Argument<List<String>> texts(String name) {
    return new Argument<>(name, List.of(), new ValueType<>("a text or a list of texts", value -> {
      List<?> entries = value instanceof List<?> list ? list : List.of(value);
      return entries.stream().map(String.class::cast).toList();
    }));
  }

  @Override
  public String toString() {
    return name;
  }
}
