package io.llmagentos.agent.tool;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.time.Clock;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/**
 * The tools of a node, whatever they come from. Each checks what it is given and what it gives by its schemas, gives up in time, tries again where
 * that does no harm, lets a tool that keeps failing alone for a while, and lets calls wait in a short queue while as many run as the tool takes. Thread-safe.
 */
public final class ToolHost implements AutoCloseable {
  /** What a name ends with that stands for all tools of a source. */
  public static final String ALL = "__*";

  private final List<ToolSource> sources;
  private final ToolSettings settings;
  private final Clock clock;
  private final RandomGenerator random;
  private final Map<String, HostedTool> hosted = new ConcurrentHashMap<>();

  /**
   * Host the sources' tools, and close the sources in the end.
   *
   * @param random of the waits between tries; thread-safe
   * @throws AgentOsException {@code SETTINGS_INVALID} when two sources have a tool of the same name
   */
  public ToolHost(
      List<ToolSource> sources, ToolSettings settings, Clock clock, RandomGenerator random) {
    this.sources = List.copyOf(sources);
    this.settings = settings;
    this.clock = clock;
    this.random = random;
    Set<String> names = new HashSet<>();
    for (ToolSource source : sources) {
      for (Tool tool : source.tools()) {
        String name = tool.specification().name();
        if (!names.add(name)) {
          throw new AgentOsException(
              ErrorCode.SETTINGS_INVALID,
              "two tools have the name '" + name + "'; rename the source of one",
              "llmagentos.agent.tools");
        }
      }
    }
  }

  /** All that can be called now. Of two with one name the first source's. */
  public List<Tool> tools() {
    Set<String> names = new HashSet<>();
    Predicate<Tool> isFirst = tool -> names.add(tool.specification().name());
    return sources.stream()
        .flatMap(source -> source.tools().stream())
        .filter(isFirst)
        .<Tool>map(this::host)
        .toList();
  }

  /** The tool with a name; also one whose source is not there at the moment, which refuses its calls and says why. */
  public Optional<Tool> find(String name) {
    return hosted(name).map(tool -> tool);
  }

  /** The same with other traits than its own, as a definition may have them. */
  public Optional<Tool> find(String name, ToolTraits traits) {
    return hosted(name).map(tool -> tool.with(traits));
  }

  /** What a name stands for where tools are named: the tool, or with {@code SOURCE__*} all that the source has now. */
  public List<Tool> named(String name) {
    if (!name.endsWith(ALL)) {
      return find(name).stream().toList();
    }
    String prefix = name.substring(0, name.length() - 1);
    return tools().stream()
        .filter(tool -> tool.specification().name().startsWith(prefix))
        .toList();
  }

  /** Whether a name stands for all tools of a source that there is, one that may have none at the moment. */
  public boolean isSource(String name) {
    return name.endsWith(ALL)
        && find(name.substring(0, name.length() - 1) + "any").isPresent();
  }

  private Optional<HostedTool> hosted(String name) {
    return sources.stream()
        .flatMap(source -> source.find(name).stream())
        .findFirst()
        .map(this::host);
  }

  /** A tool keeps its permits and its record of failures for as long as it is the same. */
  private HostedTool host(Tool tool) {
    return hosted.compute(
        tool.specification().name(),
        (name, before) -> before != null && before.hosts(tool)
            ? before
            : new HostedTool(tool, settings, clock, random));
  }

  @Override
  public void close() {
    sources.forEach(ToolSource::close);
  }
}
