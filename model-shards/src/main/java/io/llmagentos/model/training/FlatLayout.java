package io.llmagentos.model.training;

import io.llmagentos.model.weights.Parameter;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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
      at += Math.ceilDiv(parameter.elements(), LINE) * (long) LINE;
      if (at > LIMIT) {
        throw new AgentOsException(
            ErrorCode.MODEL_UNSUPPORTED,
            "a model of more than " + LIMIT + " parameters cannot be trained; " + parameter
                + " ends at " + at);
      }
    }
    return (int) at;
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
