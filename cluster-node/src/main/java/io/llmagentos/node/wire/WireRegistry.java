package io.llmagentos.node.wire;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The types that may cross the wire, by id. Ids below 100 are the kernel's Java types; each subsystem owns a range of its choice and only ever
 * appends. Not thread-safe; filled once at start-up.
 */
public final class WireRegistry {
  private final Map<Integer, Class<?>> types = new LinkedHashMap<>();

  public WireRegistry add(int id, Class<?> type) {
    Class<?> before = types.putIfAbsent(id, type);
    if (before != null && before != type) {
      throw new IllegalArgumentException("wire id " + id + " is taken by " + before.getName() + "; "
          + type.getName() + " needs another");
    }
    if (types.values().stream().filter(type::equals).count() > 1) {
      throw new IllegalArgumentException(type.getName() + " has two wire ids");
    }
    return this;
  }

  Map<Integer, Class<?>> types() {
    return Map.copyOf(types);
  }

  @Override
  public String toString() {
    return types.entrySet().stream()
        .map(e -> e.getKey() + "=" + e.getValue().getName())
        .collect(Collectors.joining("\n"));
  }
}
