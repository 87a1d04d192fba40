package io.llmagentos.agent.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.agent.budget.Exceeded;
import io.llmagentos.agent.budget.Quantity;
import io.llmagentos.agent.budget.Usage;
import io.llmagentos.agent.session.Call;
import io.llmagentos.agent.session.Plan;
import io.llmagentos.agent.session.Turn;
import io.llmagentos.node.envelope.ContentPart;
import io.llmagentos.node.http.Api;
import java.util.List;

/** A turn as clients see it. */
final class TurnJson {
  private TurnJson() {}

  static ObjectNode of(Turn turn) {
    ObjectNode json = Api.JSON.createObjectNode();
    json.put("id", turn.id())
        .put("turn_id", turn.id())
        .put("object", "turn")
        .put("created", turn.acceptedAt().getEpochSecond());
    json.put("content", ContentPart.textOf(turn.content()))
        .put("status", turn.status().id())
        .put("answer", turn.answer());
    ArrayNode calls = json.putArray("tool_calls");
    turn.calls().forEach(call -> calls.add(call(call)));
    if (!turn.plans().isEmpty()) {
      steps(json, turn.progress());
    }
    if (!turn.error().isEmpty()) {
      json.put("error", turn.error());
    }
    json.set("usage", usage(turn.usage()));
    turn.exceeded().ifPresent(why -> json.set("budget_exceeded", exceeded(why)));
    turn.feedback()
        .ifPresent(feedback -> json.putObject("feedback")
            .put("rating", feedback.rating())
            .put("text", feedback.text())
            .put("by", feedback.by())
            .put("at", feedback.at().toString()));
    return json;
  }

  /** With OpenAI's names where there are any. */
  static ObjectNode usage(Usage usage) {
    return Api.JSON
        .createObjectNode()
        .put("steps", usage.steps())
        .put("prompt_tokens", usage.promptTokens())
        .put("completion_tokens", usage.completionTokens())
        .put("total_tokens", usage.of(Quantity.TOKENS))
        .put("cost", Quantity.money(usage.cost()))
        .put("tool_calls", usage.toolCalls())
        .put("wall_time_ms", usage.millis());
  }

  static ObjectNode exceeded(Exceeded why) {
    return Api.JSON
        .createObjectNode()
        .put("scope", why.scope().id())
        .put("quantity", why.quantity().id())
        .put("limit", why.quantity().text(why.limit()))
        .put("used", why.quantity().text(why.used()))
        .put("key", why.key())
        .put("message", why.message());
  }

  /** The steps of a turn's plans, as {@code plan}. */
  static void steps(ObjectNode json, List<Plan.Progress> steps) {
    ArrayNode plan = json.putArray("plan");
    for (Plan.Progress step : steps) {
      ObjectNode told = plan.addObject().put("id", step.id()).put("tool", step.tool());
      ArrayNode after = told.putArray("after");
      step.after().forEach(after::add);
      told.put("status", step.status());
    }
  }

  private static ObjectNode call(Call call) {
    ObjectNode json = Api.JSON
        .createObjectNode()
        .put("name", call.name())
        .put("arguments", call.arguments())
        .put("result", call.result())
        .put("status", call.status().id());
    if (!call.error().isEmpty()) {
      json.put("error", call.error());
    }
    ArrayNode decisions = call.decisions().isEmpty() ? null : json.putArray("decisions");
    call.decisions()
        .forEach(decision -> java.util.Objects.requireNonNull(decisions)
            .addObject()
            .put("decision", decision.kind().id())
            .put("by", decision.by())
            .put("text", decision.text())
            .put("at", decision.at().toString()));
    return json;
  }
}
