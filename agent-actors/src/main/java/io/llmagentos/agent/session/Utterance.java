package io.llmagentos.agent.session;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.agent.definition.AgentDefinition;
import io.llmagentos.agent.personal.PersonalTool;
import io.llmagentos.agent.personal.PersonalTools;
import io.llmagentos.agent.tool.ToolTraits;
import io.llmagentos.model.chat.ToolCall;
import io.llmagentos.model.chat.ToolChoice;
import io.llmagentos.node.envelope.ContentPart;
import io.llmagentos.node.http.Api;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a turn's message is beside what its principal had heard before: requests, the answer to a question, a change of the latest call, or a word to drop it.
 *
 * @param requests what the model is asked, one after the other
 * @param amended the call that the message completes or changes: the model is to make it
 * @param undo a call that is made before those of the model
 * @param answer to a message that needs no model; else empty
 * @param reminder the question that is asked once more after the answer
 */
record Utterance(
    List<String> requests,
    Optional<Amended> amended,
    Optional<ToolCall> undo,
    String answer,
    Optional<OpenQuestion> reminder) {
  private static final String PREPOSITION = "(?:at|by|for|from|in|on|to|until)";

  /**
   * A call with what the message brings.
   *
   * @param arguments those that it has; a change goes above them, an answer below
   * @param slot that the value is for unless the model finds a place for it; may be empty
   */
  record Amended(String function, String arguments, String slot, String value, boolean change) {
    ToolCall of(ToolCall call) {
      if (!call.name().equals(function)) {
        return call;
      }
      ObjectNode had = read(arguments);
      ObjectNode found = read(call.arguments());
      ObjectNode all = change ? had.deepCopy().setAll(found) : found.deepCopy().setAll(had);
      String place = change && found.isEmpty() && had.size() == 1
          ? had.properties().iterator().next().getKey()
          : change || all.hasNonNull(slot) ? "" : slot;
      if (!place.isEmpty()) {
        all.put(place, change ? value.replaceFirst("(?i)^" + PREPOSITION + " ", "") : value);
      }
      return new ToolCall(call.id(), function, all.toString());
    }

    private static ObjectNode read(String json) {
      try {
        JsonNode read = Api.JSON.readTree(json);
        return read instanceof ObjectNode object ? object : JsonNodeFactory.instance.objectNode();
      } catch (JsonProcessingException e) {
        return JsonNodeFactory.instance.objectNode();
      }
    }
  }

  Utterance {
    requests = List.copyOf(requests);
  }

  static Utterance of(
      SessionKey session, SessionState state, Turn turn, AgentDefinition definition) {
    String text = ContentPart.textOf(turn.content()).strip();
    Repair repair = Repair.of(text).orElse(null);
    Turn before = before(state, turn);
    if (before == null || (repair == null && !asks(before))) {
      return requests(text, Optional.empty());
    }
    Utterance earlier = of(session, state, before, definition);
    List<Dialogue.Part> parts = Dialogue.parts(session, before, earlier);
    OpenQuestion open =
        asks(before) ? openAfter(before, earlier, parts, definition).orElse(null) : null;
    if (open != null && repair == null && Clauses.isRequest(text)) {
      return requests(text, open.repeated() ? Optional.empty() : Optional.of(open.again()));
    } else if (open != null) {
      return repair != null && repair.drops()
          ? answer("All right, I leave it.")
          : completing(open, repair == null ? text : repair.value());
    }
    Call latest = parts.isEmpty() ? null : parts.getLast().call().orElse(null);
    return repair == null || latest == null || !definition.hasTool(latest.name())
        ? requests(text, Optional.empty())
        : repairing(text, repair, latest, parts.getLast().said(), definition);
  }

  /** The turn whose answer its principal had heard last when it said this one; null: there is none, or it had not ended. */
  private static @Nullable Turn before(SessionState state, Turn turn) {
    Turn before = null;
    for (Turn each : state.turns()) {
      if (each.id().equals(turn.id())) {
        break;
      }
      before = each;
    }
    return before != null
            && before.hasEnded()
            && before.finishedAtVersion() < turn.acceptedAtVersion()
            && before.agent().equals(turn.agent())
            && before.history().isEmpty()
            && turn.history().isEmpty()
        ? before
        : null;
  }

  private static boolean asks(Turn turn) {
    return turn.status() == Turn.Status.COMPLETED && turn.answer().endsWith("?");
  }

  /** The question that a turn ended with. */
  private static Optional<OpenQuestion> openAfter(
      Turn turn, Utterance utterance, List<Dialogue.Part> parts, AgentDefinition definition) {
    return parts.reversed().stream()
        .limit(1)
        .flatMap(part -> part.question(definition).stream())
        .findFirst()
        .or(utterance::reminder)
        .filter(question -> turn.answer().endsWith(question.text()));
  }

  private static Utterance requests(String text, Optional<OpenQuestion> reminder) {
    return new Utterance(Clauses.of(text), Optional.empty(), Optional.empty(), "", reminder);
  }

  private static Utterance answer(String text) {
    return new Utterance(List.of(), Optional.empty(), Optional.empty(), text, Optional.empty());
  }

  private static Utterance completing(OpenQuestion open, String value) {
    return new Utterance(
        List.of(open.request() + " " + value),
        Optional.of(new Amended(open.function(), open.arguments(), open.slot(), value, false)),
        Optional.empty(),
        "",
        Optional.empty());
  }

  private static Utterance repairing(
      String text, Repair repair, Call latest, String said, AgentDefinition definition) {
    ToolTraits traits = definition.external().get(latest.name());
    Optional<PersonalTool> personal =
        traits == null ? PersonalTools.named(latest.name()) : Optional.empty();
    boolean tells =
        traits == null ? personal.map(PersonalTool::tells).orElse(false) : traits.readOnly();
    // A personal tool that asks back has done nothing.
    boolean happened = latest.status() == Call.Status.UNKNOWN
        || (latest.status() == Call.Status.SUCCEEDED
            && (traits != null || !latest.result().endsWith("?")));
    Optional<ToolCall> undo = personal
        .flatMap(PersonalTool::undo)
        .filter(tool -> happened && definition.hasTool(tool))
        .map(tool -> new ToolCall("undo", tool, latest.arguments()));
    if (happened && !tells && undo.isEmpty()) {
      return answer("I cannot take back " + latest.name() + ": "
          + (latest.status() == Call.Status.UNKNOWN
              ? "whether it took place is not known."
              : "it is done."));
    }
    if (repair.drops()) {
      return tells && happened
          ? requests(text, Optional.empty())
          : new Utterance(
              List.of(),
              Optional.empty(),
              undo,
              undo.isPresent() ? "" : "All right, " + latest.name() + " did not take place.",
              Optional.empty());
    }
    return new Utterance(
        List.of(restated(said, latest.arguments(), repair.value())),
        Optional.of(new Amended(latest.name(), latest.arguments(), "", repair.value(), true)),
        undo,
        "",
        Optional.empty());
  }

  /** A request up to its first argument, with another value: "wake me up at" and "ten". */
  private static String restated(String request, String arguments, String value) {
    String small = request.toLowerCase(Locale.ROOT);
    int first = Amended.read(arguments)
        .valueStream()
        .mapToInt(each -> small.indexOf(each.asText().toLowerCase(Locale.ROOT)))
        .filter(at -> at >= 0)
        .min()
        .orElse(request.length());
    String lead = request.substring(0, first).strip();
    boolean twice = value.matches("(?i)" + PREPOSITION + " .*");
    return ((twice ? lead.replaceFirst("(?i)\\b" + PREPOSITION + "$", "").strip() : lead) + " "
            + value)
        .strip();
  }

  ToolChoice choice() {
    return amended
        .map(call -> new ToolChoice(ToolChoice.Mode.FUNCTION, call.function()))
        .orElse(ToolChoice.AUTO);
  }

  /** A call of the model's with what is known of it. */
  ToolCall amended(ToolCall call) {
    return amended.map(known -> known.of(call)).orElse(call);
  }
}
