package io.llmagentos.agent.session;

import io.llmagentos.agent.budget.Budget;
import io.llmagentos.agent.definition.AgentDefinition;
import io.llmagentos.agent.tool.ToolTraits;
import io.llmagentos.model.chat.ToolSpecification;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Builds the definition of a test's agent: what the test does not say is empty. */
final class TestAgent {
  private final String name;
  private final List<ToolSpecification> tools = new ArrayList<>();
  private final Map<String, ToolTraits> external = new HashMap<>();
  private final Map<String, String> says = new HashMap<>();
  private final Map<String, String> understands = new HashMap<>();
  private final Map<String, String> agents = new HashMap<>();
  private final Map<String, String> handOffs = new HashMap<>();
  private String model = "nano";
  private String instructions = "";
  private int rounds = 1;
  private Budget budget = Budget.NONE;
  private boolean plans;
  private boolean dialogue;

  private TestAgent(String name) {
    this.name = name;
  }

  static TestAgent named(String name) {
    return new TestAgent(name);
  }

  TestAgent model(String id) {
    model = id;
    return this;
  }

  TestAgent instructions(String text) {
    instructions = text;
    return this;
  }

  /** One that acts in the agent's journal. */
  TestAgent tool(String tool, String parameters) {
    tools.add(new ToolSpecification(tool, "", parameters));
    return this;
  }

  /** One that acts outside the journal. */
  TestAgent tool(String tool, String parameters, ToolTraits traits) {
    external.put(tool, traits);
    return tool(tool, parameters);
  }

  TestAgent says(String function, String answer) {
    says.put(function, answer);
    return this;
  }

  TestAgent understands(String function, String what) {
    understands.put(function, what);
    return this;
  }

  TestAgent asks(String agent, ToolTraits traits) {
    agents.put("ask_" + agent, agent);
    return tool("ask_" + agent, "{\"type\":\"object\"}", traits);
  }

  TestAgent handsOffTo(String agent) {
    handOffs.put("hand_off_to_" + agent, agent);
    return this;
  }

  TestAgent rounds(int most) {
    rounds = most;
    return this;
  }

  TestAgent budget(Budget most) {
    budget = most;
    return this;
  }

  TestAgent plans() {
    plans = true;
    return this;
  }

  TestAgent dialogue() {
    dialogue = true;
    return this;
  }

  AgentDefinition definition() {
    return new AgentDefinition(
        name,
        "",
        model,
        instructions,
        tools,
        says,
        understands,
        "Out of scope.",
        "Nothing is connected for {what}.",
        external,
        rounds,
        budget,
        plans,
        agents,
        handOffs,
        dialogue);
  }
}
