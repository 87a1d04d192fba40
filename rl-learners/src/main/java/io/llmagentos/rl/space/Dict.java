package io.llmagentos.rl.space;

import io.llmagentos.rl.random.Generator;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A value of each space, by name. The order is Gymnasium's: that of a map which has one ({@link SequencedMap}), else by name. Values are maps in this
 * order.
 */
public record Dict(Map<String, Space<?>> spaces) implements Space<Map<String, Object>> {
  public Dict {
    spaces = Collections.unmodifiableMap(
        spaces instanceof SequencedMap ? new LinkedHashMap<>(spaces) : new TreeMap<>(spaces));
  }

  @Override
  public Map<String, Object> sample(Generator random) {
    Map<String, Object> value = new LinkedHashMap<>();
    spaces.forEach((name, space) -> value.put(name, space.sample(random)));
    return value;
  }

  @Override
  public Supplier<Map<String, Object>> sampler(long seed) {
    List<Supplier<?>> samplers = Parts.samplers(spaces.values(), seed);
    List<String> names = List.copyOf(spaces.keySet());
    return () -> {
      Map<String, Object> value = new LinkedHashMap<>();
      for (int i = 0; i < names.size(); i++) {
        value.put(names.get(i), samplers.get(i).get());
      }
      return value;
    };
  }

  @Override
  public boolean contains(@Nullable Object value) {
    return value instanceof Map<?, ?> map
        && map.keySet().equals(spaces.keySet())
        && spaces.entrySet().stream().allMatch(e -> e.getValue().contains(map.get(e.getKey())));
  }

  @Override
  public int flatdim() {
    return spaces.values().stream().mapToInt(Space::flatdim).sum();
  }

  @Override
  public void flatten(Map<String, Object> value, float[] out, int offset) {
    int at = offset;
    for (Map.Entry<String, Space<?>> part : spaces.entrySet()) {
      Parts.of(part.getValue()).flatten(part(value, part.getKey()), out, at);
      at += part.getValue().flatdim();
    }
  }

  @Override
  public Map<String, Object> unflatten(float[] flat, int offset) {
    Map<String, Object> value = new LinkedHashMap<>();
    int at = offset;
    for (Map.Entry<String, Space<?>> part : spaces.entrySet()) {
      value.put(part.getKey(), part.getValue().unflatten(flat, at));
      at += part.getValue().flatdim();
    }
    return value;
  }

  @Override
  public int width() {
    return spaces.values().stream().mapToInt(Space::width).sum();
  }

  @Override
  public void encode(Map<String, Object> value, float[] out, int offset) {
    int at = offset;
    for (Map.Entry<String, Space<?>> part : spaces.entrySet()) {
      Parts.of(part.getValue()).encode(part(value, part.getKey()), out, at);
      at += part.getValue().width();
    }
  }

  @Override
  public Map<String, Object> decode(float[] encoded, int offset) {
    Map<String, Object> value = new LinkedHashMap<>();
    int at = offset;
    for (Map.Entry<String, Space<?>> part : spaces.entrySet()) {
      value.put(part.getKey(), part.getValue().decode(encoded, at));
      at += part.getValue().width();
    }
    return value;
  }

  private static Object part(Map<String, Object> value, String name) {
    Object part = value.get(name);
    if (part == null) {
      throw InvalidSpace.because("Dict: the value has no '" + name + "'");
    }
    return part;
  }
}
