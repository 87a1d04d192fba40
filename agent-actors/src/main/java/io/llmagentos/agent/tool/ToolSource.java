package io.llmagentos.agent.tool;

import java.util.List;
import java.util.Optional;

/** Where tools come from: a set that may change while the node runs. Thread-safe. */
public interface ToolSource extends AutoCloseable {
  /** The tools as they are known now; one that is the same as before equals it. */
  List<Tool> tools();

  /** The tool with a name; also one that is only expected of this source, which then refuses its calls and says why. */
  default Optional<Tool> find(String name) {
    return tools().stream()
        .filter(tool -> tool.specification().name().equals(name))
        .findFirst();
  }

  @Override
  default void close() {}

  /** Tools that do not change. */
  static ToolSource of(List<Tool> tools) {
    List<Tool> all = List.copyOf(tools);
    return () -> all;
  }
}
