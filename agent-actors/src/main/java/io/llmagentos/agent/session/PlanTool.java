package io.llmagentos.agent.session;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.agent.definition.AgentDefinition;
import io.llmagentos.agent.tool.ToolSchema;
import io.llmagentos.model.chat.ToolSpecification;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.http.Api;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.StreamSupport;

/** The tool with which a model lays out a {@link Plan}. Pure. */
final class PlanTool {
  static final int MOST_STEPS = 32;

  private static final String DESCRIPTION =
      "Lay out several calls at once: steps that run side by side unless one is 'after' another. "
          + "In the arguments, {\"$from\": \"ID.FIELD\"} stands for what the step ID gave, or a field of it. "
          + "You are told the results once nothing more can be done, and may then plan the rest anew.";
  private static final String SCHEMA = """
      {"type":"object","required":["steps"],"additionalProperties":false,"properties":{"steps":{"type":"array","minItems":1,"maxItems":%d,"items":{
        "type":"object","required":["id","tool"],"additionalProperties":false,"properties":{
          "id":{"type":"string","pattern":"^[A-Za-z0-9_-]{1,64}$"},
          "tool":{"type":"string"},
          "arguments":{"type":"object"},
          "after":{"type":"array","items":{"type":"string"}}}}}}}""".formatted(MOST_STEPS);

  private PlanTool() {}

  static ToolSpecification specification(AgentDefinition definition) {
    return new ToolSpecification(AgentDefinition.PLAN, DESCRIPTION, schema(definition));
  }

  private static String schema(AgentDefinition definition) {
    try {
      ObjectNode schema = (ObjectNode) Api.JSON.readTree(SCHEMA);
      ArrayNode tools =
          ((ObjectNode) schema.at("/properties/steps/items/properties/tool")).putArray("enum");
      definition.tools().forEach(tool -> tools.add(tool.name()));
      return schema.toString();
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * The plan that a call lays out.
   *
   * @param first the number of its first step's call
   * @throws AgentOsException saying what is wrong with it, to the model
   */
  static Plan read(Call call, int first, Turn turn, AgentDefinition definition) {
    new ToolSchema(schema(definition)).problem(call.arguments()).ifPresent(problem -> {
      throw refused(problem);
    });
    List<Plan.Step> steps = steps(call.arguments());
    Set<String> ids = new TreeSet<>();
    for (Plan.Step step : steps) {
      if (!ids.add(step.id())) {
        throw refused("two steps have the id '" + step.id() + "'");
      }
    }
    for (Plan.Step step : steps) {
      for (String needed : step.after()) {
        if (!ids.contains(needed) && Plan.result(turn.plans(), turn, needed).isEmpty()) {
          throw refused("step '" + step.id() + "' comes after '" + needed
              + "', which is no step of this plan and has no result; its steps are " + ids);
        }
      }
      if (Plan.references(tree(step.arguments())).isEmpty()) {
        Plan.problem(definition, step.tool(), step.arguments()).ifPresent(problem -> {
          throw refused("step '" + step.id() + "': " + problem);
        });
      }
    }
    requireOrder(steps, ids);
    return new Plan(call.number(), first, steps);
  }

  private static List<Plan.Step> steps(String arguments) {
    List<Plan.Step> steps = new ArrayList<>();
    for (JsonNode step : tree(arguments).path("steps")) {
      JsonNode given = step.path("arguments");
      JsonNode of = given.isMissingNode() ? Api.JSON.createObjectNode() : given;
      Set<String> after = new TreeSet<>(Plan.references(of));
      StreamSupport.stream(step.path("after").spliterator(), false)
          .map(JsonNode::asText)
          .forEach(after::add);
      steps.add(new Plan.Step(
          step.path("id").asText(), step.path("tool").asText(), of.toString(), List.copyOf(after)));
    }
    return steps;
  }

  /** Kahn's algorithm: take what needs nothing that is left, until nothing is left. */
  private static void requireOrder(List<Plan.Step> steps, Set<String> ids) {
    Set<String> left = new TreeSet<>(ids);
    List<String> ready;
    do {
      ready = steps.stream()
          .filter(step -> left.contains(step.id()) && Collections.disjoint(step.after(), left))
          .map(Plan.Step::id)
          .toList();
      left.removeAll(ready);
    } while (!ready.isEmpty());
    if (!left.isEmpty()) {
      throw refused("the steps " + left + " wait for each other");
    }
  }

  private static JsonNode tree(String json) {
    try {
      return Api.JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("checked by the schema", e);
    }
  }

  private static AgentOsException refused(String why) {
    return new AgentOsException(ErrorCode.INVALID_REQUEST, "this is no plan: " + why);
  }
}
