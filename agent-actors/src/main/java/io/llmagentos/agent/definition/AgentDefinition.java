package io.llmagentos.agent.definition;

import io.llmagentos.agent.budget.Budget;
import io.llmagentos.agent.tool.ToolTraits;
import io.llmagentos.model.chat.ToolSpecification;
import java.util.List;
import java.util.Map;

/**
 * What an agent is.
 *
 * @param model the language model's id; empty: none, each turn is itself the call of a tool
 * @param tools the tools that are connected, by name
 * @param says functions that are answered at once, with the answer
 * @param understands functions that the agent understands although no tool is connected for them, with what they mean in words
 * @param outOfScope the answer to what the agent is not for
 * @param unconnected the answer to what is understood but not connected; {@code {what}} stands for it
 * @param external those of the tools that act outside the journal, by name, with what may be done with them
 * @param rounds how often the model is asked in a turn, each time with the results of the calls before; the calls of the last round answer for
 *     themselves
 * @param budget what its turns and sessions may spend
 * @param plans whether the model may lay out several steps at once
 * @param agents those of the tools that ask another agent, by name, with the agent
 * @param handOffs further tools, which hand the session off to another agent, by name, with the agent
 * @param dialogue whether the model turns one request into one call, so that the session splits requests, asks for what is missing and takes corrections
 */
public record AgentDefinition(
    String name,
    String description,
    String model,
    String instructions,
    List<ToolSpecification> tools,
    Map<String, String> says,
    Map<String, String> understands,
    String outOfScope,
    String unconnected,
    Map<String, ToolTraits> external,
    int rounds,
    Budget budget,
    boolean plans,
    Map<String, String> agents,
    Map<String, String> handOffs,
    boolean dialogue) {
  /** The tool with which a model lays out steps. */
  public static final String PLAN = "plan";

  public AgentDefinition {
    tools = List.copyOf(tools);
    says = Map.copyOf(says);
    understands = Map.copyOf(understands);
    external = Map.copyOf(external);
    agents = Map.copyOf(agents);
    handOffs = Map.copyOf(handOffs);
    if (rounds < 1) {
      throw new IllegalArgumentException("rounds is " + rounds + ", must be at least 1");
    }
    if (dialogue && (plans || rounds > 1)) {
      throw new IllegalArgumentException("with dialogue, rounds must be 1, is " + rounds
          + ", and plans must be false, is " + plans);
    }
  }

  /** The name of the tool that asks an agent. */
  public static String asking(String agent) {
    return "ask_" + agent.replaceAll("[^a-zA-Z0-9_-]", "_");
  }

  /** The name of the tool that hands off to an agent. */
  static String handingOff(String agent) {
    return "hand_off_to_" + agent.replaceAll("[^a-zA-Z0-9_-]", "_");
  }

  /** The tools that hand off, as a model sees them. */
  public List<ToolSpecification> handOffTools() {
    return handOffs.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .map(tool -> new ToolSpecification(
            tool.getKey(),
            "From the next message on the agent '" + tool.getValue() + "' goes on in your place.",
            "{\"type\":\"object\"}"))
        .toList();
  }

  public boolean hasModel() {
    return !model.isEmpty();
  }

  public boolean hasTool(String tool) {
    return tools.stream().anyMatch(specification -> specification.name().equals(tool));
  }

  /** The answer to a function that has no tool: what the agent says to it, or that it is understood and nothing is connected. */
  public String answerWithoutTool(String function) {
    String said = says.get(function);
    if (said != null) {
      return said;
    }
    return unconnected.replace(
        "{what}", understands.getOrDefault(function, function.replace('_', ' ')));
  }
}
