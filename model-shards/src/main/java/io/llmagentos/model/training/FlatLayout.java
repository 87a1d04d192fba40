package io.llmagentos.model.training;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.engine.PtNDArray;
import io.llmagentos.model.weights.Parameter;
import io.llmagentos.model.weights.Tensor;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Where each parameter lies in one vector: those that are learnt before those that are frozen, of the former first those that decay; each at the beginning of a
 * cache line. A gradient has the same places, and ends where the frozen ones begin.
 */
final class FlatLayout {
  private static final int LINE = 16;
  /** What one direct buffer holds. */
  private static final long LIMIT = Integer.MAX_VALUE / Float.BYTES;

  private final Map<String, Parameter> parameters = new LinkedHashMap<>();
  private final Map<String, Integer> offsets = new LinkedHashMap<>();
  private final List<Parameter> learnt;
  private final int decaying;
  private final int width;
  private final int total;

  FlatLayout(List<Parameter> all) {
    this(all, List.of());
  }

  FlatLayout(List<Parameter> learnt, List<Parameter> frozen) {
    this.learnt = List.copyOf(learnt);
    learnt.forEach(parameter -> parameters.put(parameter.name(), parameter));
    frozen.forEach(parameter -> parameters.put(parameter.name(), parameter));
    decaying = place(0, learnt.stream().filter(Parameter::decays).toList());
    width = place(decaying, learnt.stream().filter(p -> !p.decays()).toList());
    total = place(width, frozen);
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

  /** Numbers that are learnt, with those that fill lines. */
  int width() {
    return width;
  }

  /** Numbers in all. */
  int total() {
    return total;
  }

  /** How many of them, at the beginning, decay. */
  int decaying() {
    return decaying;
  }

  /** Those that are learnt, in the model's order. */
  List<Parameter> parameters() {
    return learnt;
  }

  /** Those that are learnt, then those that are frozen. */
  List<Parameter> all() {
    return List.copyOf(parameters.values());
  }

  boolean has(String name) {
    return parameters.containsKey(name);
  }

  boolean learns(String name) {
    return offset(name) < width;
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

  /** A view of a parameter in a vector. */
  Tensor tensor(NDArray vector, Parameter parameter, String name) {
    ByteBuffer memory = ((PtNDArray) vector).toByteBuffer(true);
    MemorySegment part = MemorySegment.ofBuffer(memory)
        .asSlice(
            (long) offset(parameter.name()) * Float.BYTES,
            (long) parameter.elements() * Float.BYTES);
    return Tensor.of(name, part, parameter.shape());
  }

  /** The script's view of a parameter in a vector. */
  String view(String vector, String name) {
    long[] shape = parameter(name).shape();
    long[] strides = new long[shape.length];
    long stride = 1;
    for (int i = shape.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= shape[i];
    }
    return "torch.as_strided(%s, %s, %s, %s)"
        .formatted(vector, Arrays.toString(shape), Arrays.toString(strides), offset(name));
  }
}
