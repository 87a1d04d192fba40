package io.llmagentos.agent.session;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.agent.definition.AgentDefinition;
import io.llmagentos.model.chat.ToolCall;
import io.llmagentos.node.envelope.ContentPart;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.http.Api;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A call that somebody makes without a model: the whole of a turn of a session whose definition has none. The ledger treats it as any other.
 *
 * @param arguments a JSON object in its canonical form
 */
public record GivenCall(String tool, String arguments) {
  private static final String ID = "call";

  public static GivenCall of(String tool, Map<String, Object> arguments) {
    return new GivenCall(
        tool, Call.canonical(Api.JSON.valueToTree(arguments).toString()).orElseThrow());
  }

  /** What the turn says. */
  public List<ContentPart> content() {
    return ContentPart.text(
        "{\"tool\":" + Api.JSON.valueToTree(tool) + ",\"arguments\":" + arguments + "}");
  }

  private static Optional<GivenCall> read(String said) {
    try {
      JsonNode call = Api.JSON.readTree(said);
      return call.path("tool").isTextual()
          ? Call.canonical(call.path("arguments").toString())
              .map(arguments -> new GivenCall(call.path("tool").textValue(), arguments))
          : Optional.empty();
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }

  /** What the turn needs next; a function of what is recorded. */
  static NextStep next(SessionKey session, Turn turn, AgentDefinition definition) {
    GivenCall given = read(ContentPart.textOf(turn.content())).orElse(null);
    if (given == null) {
      return new NextStep.Answer(
          "A turn of this session is a call: {\"tool\": NAME, \"arguments\": {...}}.",
          Turn.Status.FAILED,
          ErrorCode.INVALID_REQUEST.id());
    }
    Call call = NextStep.call(session, turn, 0, new ToolCall(ID, given.tool(), given.arguments()));
    if (call.status() == Call.Status.PLANNED && !definition.external().containsKey(call.name())) {
      return new NextStep.Answer(
          "The tool '" + call.name() + "' is not offered.",
          Turn.Status.FAILED,
          ErrorCode.NOT_FOUND.id());
    }
    List<NextStep.Action> actions = NextStep.action(turn, call, definition);
    if (!actions.isEmpty()) {
      return new NextStep.Act(actions);
    }
    return call.waits()
        ? NextStep.suspend(List.of(call))
        : NextStep.answer(turn, List.of(call), definition);
  }
}
