package io.llmagentos.rl.algorithm;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A number that may change as steps are sampled: linear between points, constant before the first and after the last. Written as one number or, as in RLlib, as
 * {@code [[0, 0.001], [100000, 0]]}.
 */
public final class Schedule {
  private final long[] steps;
  private final double[] values;

  private Schedule(long[] steps, double[] values) {
    this.steps = steps;
    this.values = values;
  }

  public static Schedule constant(double value) {
    return new Schedule(new long[] {0}, new double[] {value});
  }

  /** From {@code start} at step 0 to {@code end} at {@code steps}. */
  public static Schedule linear(double start, double end, long steps) {
    return new Schedule(new long[] {0, steps}, new double[] {start, end});
  }

  /** Throws IllegalArgumentException. */
  static Schedule parse(Object value) {
    if (value instanceof Schedule schedule) {
      return schedule;
    }
    if (value instanceof Number number) {
      return constant(number.doubleValue());
    }
    if (!(value instanceof List<?> points) || points.isEmpty()) {
      throw new IllegalArgumentException("neither a number nor a list of [step, value]");
    }
    long[] steps = new long[points.size()];
    double[] values = new double[points.size()];
    for (int i = 0; i < steps.length; i++) {
      if (!(points.get(i) instanceof List<?> point)
          || point.size() != 2
          || !(point.get(0) instanceof Number step)
          || !(point.get(1) instanceof Number number)) {
        throw new IllegalArgumentException("point " + i + " is not [step, value]");
      }
      steps[i] = step.longValue();
      values[i] = number.doubleValue();
      if (i == 0 ? steps[0] != 0 : steps[i] <= steps[i - 1]) {
        throw new IllegalArgumentException("steps must begin at 0 and grow");
      }
    }
    return new Schedule(steps, values);
  }

  public double at(long step) {
    int i = 0;
    while (i < steps.length && steps[i] <= step) {
      i++;
    }
    if (i == steps.length) {
      return values[i - 1];
    }
    double part = (double) (step - steps[i - 1]) / (steps[i] - steps[i - 1]);
    return values[i - 1] + part * (values[i] - values[i - 1]);
  }

  /** What {@link #parse} reads, of numbers and lists. */
  Object toValue() {
    if (values.length == 1) {
      return values[0];
    }
    return IntStream.range(0, steps.length)
        .mapToObj(i -> List.<Number>of(steps[i], values[i]))
        .toList();
  }

  boolean within(double min, double max) {
    return Arrays.stream(values).allMatch(value -> value >= min && value <= max);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Schedule schedule
        && Arrays.equals(steps, schedule.steps)
        && Arrays.equals(values, schedule.values);
  }

  @Override
  public int hashCode() {
    return Objects.hash(Arrays.hashCode(steps), Arrays.hashCode(values));
  }

  @Override
  public String toString() {
    return String.valueOf(toValue());
  }
}
