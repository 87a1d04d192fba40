package io.llmagentos.agent.definition;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigValue;
import io.llmagentos.agent.budget.Budget;
import io.llmagentos.agent.tool.ToolHost;
import io.llmagentos.agent.tool.ToolTraits;
import io.llmagentos.model.chat.ToolSpecification;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The tools outside the journal that the platform offers to others bare, without an agent that calls them. Each call is a turn of a session all the same. */
public final class OfferedTools {
  /** Whom the sessions of such calls are opened with; no agent has this name. */
  public static final String AGENT = "offered-tools";

  private static final String SECTION = "llmagentos.agent.mcp";
  private static final String KEY = SECTION + ".tools";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final List<NamedTool> named;
  private final ToolHost host;

  private OfferedTools(List<NamedTool> named, ToolHost host) {
    this.named = List.copyOf(named);
    this.host = host;
  }

  /**
   * Read {@code llmagentos.agent.mcp}.
   *
   * @throws AgentOsException {@code SETTINGS_INVALID} for a tool that this node does not know
   */
  public static OfferedTools create(Config section, ToolHost host, AgentDefinitions agents) {
    List<NamedTool> named = new ArrayList<>();
    for (ConfigValue each : section.getList("tools")) {
      try {
        NamedTool tool = NamedTool.read(KEY, JSON.valueToTree(each.unwrapped()));
        if (!tool.connect(KEY, host, new TreeMap<>(), new TreeMap<>())) {
          throw new IOException(KEY + " names the unknown tool '" + tool.name()
              + "'; it takes tools outside the journal and SOURCE__*, not an agent's own");
        }
        named.add(tool);
      } catch (IOException e) {
        throw invalid(e);
      }
    }
    if (!named.isEmpty() && agents.has(AGENT)) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID,
          "an agent has the name '" + AGENT + "', which " + KEY + " needs; rename it",
          KEY);
    }
    return new OfferedTools(named, host);
  }

  /** As a session without a model is to be served, with the tools as they are now. */
  public AgentDefinition definition() {
    Map<String, ToolSpecification> tools = new LinkedHashMap<>();
    Map<String, ToolTraits> traits = new TreeMap<>();
    for (NamedTool tool : named) {
      try {
        tool.connect(KEY, host, tools, traits);
      } catch (IOException e) {
        throw invalid(e);
      }
    }
    return new AgentDefinition(
        AGENT,
        "",
        "",
        "",
        List.copyOf(tools.values()),
        Map.of(),
        Map.of(),
        "",
        "",
        traits,
        1,
        Budget.NONE,
        false,
        Map.of(),
        Map.of(),
        false);
  }

  private static AgentOsException invalid(IOException cause) {
    return new AgentOsException(
        ErrorCode.SETTINGS_INVALID, String.valueOf(cause.getMessage()), KEY, cause);
  }
}
