package io.llmagentos.model.training;

import io.llmagentos.model.weights.Parameter;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Where each parameter lies in one vector: first those that decay, each at the beginning of a cache line. */
final class FlatLayout {
  private static final int LINE = 16;
  /** What one direct buffer holds. */
  private static final long LIMIT = Integer.MAX_VALUE / Float.BYTES;

  private final Map<String, Parameter> parameters = new LinkedHashMap<>();
  private final Map<String, Integer> offsets = new LinkedHashMap<>();
  private final int decaying;
  private final int width;

  FlatLayout(List<Parameter> all) {
    all.forEach(parameter -> parameters.put(parameter.name(), parameter));
    decaying = place(0, all.stream().filter(Parameter::decays).toList());
    width = place(decaying, all.stream().filter(p -> !p.decays()).toList());
  }

  private int place(int from, List<Parameter> some) {
    long at = from;
    for (Parameter parameter : some) {
      offsets.put(parameter.name(), (int) at);
      at += padded(parameter);
      if (at > LIMIT) {
        throw new AgentOsException(
            ErrorCode.MODEL_UNSUPPORTED,
            "a model of more than " + LIMIT + " parameters cannot be trained; " + parameter
                + " ends at " + at);
      }
    }
    return (int) at;
  }

  private static long padded(Parameter parameter) {
    return Math.ceilDiv(parameter.elements(), LINE) * (long) LINE;
  }

  /** A part of the vector. */
  record Range(int from, int length) {}

  /** Where some parameters lie, in ascending order and with what fills their lines: as few ranges as there can be. */
  List<Range> ranges(Set<String> names) {
    List<Range> ranges = new ArrayList<>();
    offsets.entrySet().stream()
        .filter(entry -> names.contains(entry.getKey()))
        .sorted(Map.Entry.comparingByValue())
        .forEach(entry -> {
          int length = (int) padded(parameter(entry.getKey()));
          Range last = ranges.isEmpty() ? new Range(-1, 0) : ranges.getLast();
          if (last.from + last.length == entry.getValue()) {
            ranges.removeLast();
            ranges.add(new Range(last.from, last.length + length));
          } else {
            ranges.add(new Range(entry.getValue(), length));
          }
        });
    return ranges;
  }

  /** Numbers in all, with those that fill lines. */
  int width() {
    return width;
  }

  /** How many of them, at the beginning, decay. */
  int decaying() {
    return decaying;
  }

  /** In the model's order. */
  List<Parameter> parameters() {
    return List.copyOf(parameters.values());
  }

  Parameter parameter(String name) {
    Parameter parameter = parameters.get(name);
    if (parameter == null) {
      throw new IllegalArgumentException("no parameter " + name + " in " + parameters.keySet());
    }
    return parameter;
  }

  int offset(String name) {
    return offsets.getOrDefault(parameter(name).name(), -1);
  }
}
