package io.llmagentos.agent.session;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.agent.definition.AgentDefinition;
import io.llmagentos.agent.tool.ToolSchema;
import io.llmagentos.model.chat.ToolSpecification;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.http.Api;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Steps that the model laid out for its turn. A step is a call like any other, made once the steps that it comes after have succeeded; independent ones are made
 * side by side. What comes after a step that failed is not made, everything else is; then the model is asked again, and may lay out another plan for the rest.
 *
 * @param call the number of the model's call that laid it out
 * @param first the number of the first step's call; those of the others follow
 */
public record Plan(int call, int first, List<Step> steps) {
  /**
   * A step.
   *
   * @param id the model's name for it
   * @param arguments a JSON object in which <code>{"$from": "ID.FIELD"}</code> stands for (a part of) what another step gave
   * @param after the steps that it needs, those that its arguments refer to among them
   */
  public record Step(String id, String tool, String arguments, List<String> after) {
    public Step {
      after = List.copyOf(after);
    }
  }

  /**
   * How a step stands, for those who watch.
   *
   * @param status its call's, or {@code planned}, or {@code skipped}: it will not be made
   */
  public record Progress(String id, String tool, List<String> after, String status) {
    public Progress {
      after = List.copyOf(after);
    }
  }

  static final String FROM = "$from";

  static final String SKIPPED = "skipped";

  public Plan {
    steps = List.copyOf(steps);
  }

  /** The calls that are recorded of it, and those that can be made now; one that cannot, because of its arguments, has failed. */
  List<Call> calls(SessionKey session, Turn turn, AgentDefinition definition) {
    List<Call> calls = new ArrayList<>();
    for (int i = 0; i < steps.size(); i++) {
      Step step = steps.get(i);
      turn.call(first + i)
          .or(() -> isReady(turn, step)
              ? Optional.of(planned(session, turn, step, definition))
              : Optional.empty())
          .ifPresent(calls::add);
    }
    return calls;
  }

  private boolean isReady(Turn turn, Step step) {
    return step.after().stream().allMatch(id -> succeeded(turn, id).isPresent());
  }

  /** What a step has given, one of this plan or else of an earlier one. */
  private Optional<Call> succeeded(Turn turn, String id) {
    return (has(id) ? recorded(turn, id) : result(turn.plansBefore(this), turn, id))
        .filter(call -> call.status() == Call.Status.SUCCEEDED);
  }

  /** What a step of some plans has given; of those of one name the latest. */
  static Optional<Call> result(List<Plan> plans, Turn turn, String id) {
    return plans.reversed().stream()
        .flatMap(plan -> plan.recorded(turn, id).stream())
        .filter(call -> call.status() == Call.Status.SUCCEEDED)
        .findFirst();
  }

  private boolean has(String id) {
    return steps.stream().anyMatch(step -> step.id().equals(id));
  }

  private Optional<Call> recorded(Turn turn, String id) {
    return IntStream.range(0, steps.size())
        .filter(i -> steps.get(i).id().equals(id))
        .mapToObj(i -> turn.call(first + i))
        .flatMap(Optional::stream)
        .findFirst();
  }

  private Call planned(SessionKey session, Turn turn, Step step, AgentDefinition definition) {
    int number = first + steps.indexOf(step);
    String key = session.entityId() + "/" + turn.id() + "/" + number + "#" + step.id();
    try {
      JsonNode written = Api.JSON.readTree(step.arguments());
      JsonNode filled = filled(written, turn);
      Call call = Call.planned(key, number, step.tool(), filled.toString());
      return written.equals(filled)
          ? call
          : problem(definition, step.tool(), call.arguments())
              .map(problem -> failed(call, problem))
              .orElse(call);
    } catch (NoSuchResultException e) {
      return failed(
          Call.planned(key, number, step.tool(), step.arguments()), String.valueOf(e.getMessage()));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("checked when the plan was made", e);
    }
  }

  private static Call failed(Call call, String why) {
    return call.ended(Call.Status.FAILED, why, "", ErrorCode.INVALID_REQUEST.id());
  }

  /** What is wrong with the arguments of a tool's call; empty: nothing, or there is no such tool any more. */
  static Optional<String> problem(AgentDefinition definition, String tool, String arguments) {
    return definition.tools().stream()
        .filter(specification -> specification.name().equals(tool))
        .findFirst()
        .map(ToolSpecification::parameters)
        .flatMap(schema -> new ToolSchema(schema).problem(arguments))
        .map(problem -> "the arguments of '" + tool + "' do not fit its schema: " + problem);
  }

  /** With the results in the places that refer to them. */
  private JsonNode filled(JsonNode node, Turn turn) {
    if (reference(node).isPresent()) {
      return resolved(reference(node).get(), turn);
    }
    if (node instanceof ObjectNode object) {
      ObjectNode copy = Api.JSON.createObjectNode();
      object
          .properties()
          .forEach(field -> copy.set(field.getKey(), filled(field.getValue(), turn)));
      return copy;
    }
    if (node instanceof ArrayNode array) {
      ArrayNode copy = Api.JSON.createArrayNode();
      array.forEach(element -> copy.add(filled(element, turn)));
      return copy;
    }
    return node;
  }

  /** The steps that arguments refer to. */
  static List<String> references(JsonNode arguments) {
    TreeSet<String> ids = new TreeSet<>();
    reference(arguments)
        .ifPresentOrElse(
            path -> ids.add(id(path)),
            () -> arguments.forEach(child -> ids.addAll(references(child))));
    return List.copyOf(ids);
  }

  private static Optional<String> reference(JsonNode node) {
    return node.size() == 1 && node.path(FROM).isTextual()
        ? Optional.of(node.path(FROM).asText())
        : Optional.empty();
  }

  private static String id(String path) {
    return path.split("\\.", 2)[0];
  }

  private JsonNode resolved(String path, Turn turn) {
    Call call = succeeded(turn, id(path)).orElseThrow(() -> new NoSuchResultException(path));
    JsonNode value = value(call);
    for (String part : path.substring(id(path).length()).split("\\.", -1)) {
      if (!part.isEmpty()) {
        value = value.isArray() && part.matches("\\d{1,9}")
            ? value.path(Integer.parseInt(part))
            : value.path(part);
      }
    }
    if (value.isMissingNode()) {
      throw new NoSuchResultException(path);
    }
    return value;
  }

  private static JsonNode value(Call call) {
    try {
      return call.structured().isEmpty()
          ? Api.JSON.getNodeFactory().textNode(call.result())
          : Api.JSON.readTree(call.structured());
    } catch (JsonProcessingException e) {
      return Api.JSON.getNodeFactory().textNode(call.result());
    }
  }

  /** What the model is told of it: each step and what came of it, one a line. */
  String forModel(Turn turn) {
    return steps.stream()
        .map(step -> step.id() + " (" + step.tool() + "): "
            + recorded(turn, step.id()).map(Call::forModel).orElse("was not made"))
        .collect(Collectors.joining("\n"));
  }

  /** How its steps stand. */
  Stream<Progress> progress(Turn turn) {
    boolean over = turn.hasEnded() || !turn.plans().getLast().equals(this);
    Set<String> blocked = blocked(turn);
    return steps.stream()
        .map(step -> new Progress(
            step.id(),
            step.tool(),
            step.after(),
            recorded(turn, step.id())
                .map(call -> call.status().id())
                .orElse(over || blocked.contains(step.id()) ? SKIPPED : Call.Status.PLANNED.id())));
  }

  /** The steps that have ended without success, and those that need one of them, by however many steps in between. */
  private Set<String> blocked(Turn turn) {
    Set<String> blocked = new HashSet<>();
    steps.stream()
        .map(Step::id)
        .filter(id -> recorded(turn, id)
            .filter(call -> call.hasEnded() && call.status() != Call.Status.SUCCEEDED)
            .isPresent())
        .forEach(blocked::add);
    int before;
    do {
      before = blocked.size();
      steps.stream()
          .filter(step -> !Collections.disjoint(step.after(), blocked))
          .map(Step::id)
          .forEach(blocked::add);
    } while (blocked.size() > before);
    return blocked;
  }

  private static final class NoSuchResultException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NoSuchResultException(String path) {
      super("there is no result '" + path + "'");
    }
  }
}
