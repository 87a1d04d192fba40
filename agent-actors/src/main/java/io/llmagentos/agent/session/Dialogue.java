package io.llmagentos.agent.session;

import io.llmagentos.agent.definition.AgentDefinition;
import io.llmagentos.model.chat.ChatMessage;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.ToolCall;
import io.llmagentos.node.envelope.ContentPart;
import io.llmagentos.node.error.ErrorCode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How a turn goes on whose model turns one request into one call: the model is asked for each of its {@link Utterance}'s requests, then their calls are made one after
 * the other. A call that lacks an argument is not made: its turn ends with the question for it. Pure.
 */
final class Dialogue {
  private Dialogue() {}

  /**
   * What came of a request: a call, or the model's words.
   *
   * @param said the request
   */
  record Part(String said, Optional<Call> call, String text) {
    Optional<OpenQuestion> question(AgentDefinition definition) {
      return call.flatMap(each -> OpenQuestion.of(each, said, definition));
    }

    /** Whether the call is asked for and cannot be made. */
    private boolean lacks(AgentDefinition definition) {
      return call.filter(each -> each.status() == Call.Status.PLANNED).isPresent()
          && question(definition).isPresent();
    }

    private String answer(AgentDefinition definition) {
      if (call.isEmpty()) {
        return text.isBlank() ? definition.outOfScope() : text;
      }
      Call made = call.get();
      return made.status() == Call.Status.PLANNED
          ? question(definition)
              .map(OpenQuestion::text)
              .orElseGet(() -> definition.answerWithoutTool(made.name()))
          : made.forPrincipal();
    }
  }

  static NextStep next(
      SessionKey session, SessionState state, Turn turn, AgentDefinition definition) {
    if (turn.replies().isEmpty() && !state.operator().isEmpty()) {
      return NextStep.BY_A_PERSON;
    }
    Utterance utterance = Utterance.of(session, state, turn, definition);
    int asked = turn.replies().size();
    if (asked < utterance.requests().size()) {
      return NextStep.ask(
          state,
          turn,
          definition,
          List.of(ChatMessage.user(utterance.requests().get(asked))),
          utterance.choice());
    }
    if (!utterance.answer().isEmpty()) {
      return new NextStep.Answer(utterance.answer());
    }
    List<Part> parts = parts(session, turn, utterance);
    if (changesNothing(turn, utterance)) {
      return new NextStep.Answer(
          "I did not understand what to change. Please say the whole request again.");
    }
    Optional<NextStep.Action> action = parts.stream()
        .filter(part -> !part.lacks(definition))
        .flatMap(part -> part.call().stream()
            .flatMap(call -> NextStep.action(turn, call, definition).stream())
            .map(each -> each.saying(part.said())))
        .findFirst();
    if (action.isPresent()) {
      return new NextStep.Act(List.of(action.get()));
    }
    List<Call> calls = parts.stream().flatMap(part -> part.call().stream()).toList();
    return calls.stream().anyMatch(Call::waits)
        ? NextStep.suspend(calls)
        : answer(parts, calls, utterance, definition);
  }

  private static boolean changesNothing(Turn turn, Utterance utterance) {
    return utterance
        .amended()
        .filter(Utterance.Amended::change)
        .filter(change -> turn.replies().getLast().toolCalls().stream()
            .allMatch(call ->
                Call.hash(change.of(call).arguments()).equals(Call.hash(change.arguments()))))
        .isPresent();
  }

  private static NextStep.Answer answer(
      List<Part> parts, List<Call> calls, Utterance utterance, AgentDefinition definition) {
    String text =
        parts.stream().map(part -> part.answer(definition)).collect(Collectors.joining("\n"));
    if (parts.size() == calls.size()
        && calls.stream().allMatch(call -> call.status() == Call.Status.FAILED)) {
      return new NextStep.Answer(text, Turn.Status.FAILED, calls.getFirst().error());
    }
    return new NextStep.Answer(text
        + utterance
            .reminder()
            .filter(question -> !text.endsWith("?"))
            .map(question -> "\n" + question.text())
            .orElse(""));
  }

  /** What came of each request so far. */
  static List<Part> parts(SessionKey session, Turn turn, Utterance utterance) {
    List<Part> parts = new ArrayList<>();
    utterance.undo().ifPresent(undo -> parts.add(made(session, turn, 0, undo, "")));
    for (int i = 0; i < turn.replies().size(); i++) {
      ChatReply reply = turn.replies().get(i);
      // More replies than requests: recorded when the agent worked otherwise.
      String said = i < utterance.requests().size()
          ? utterance.requests().get(i)
          : ContentPart.textOf(turn.content());
      if (reply.toolCalls().isEmpty()) {
        parts.add(new Part(said, Optional.empty(), reply.text()));
      }
      for (ToolCall wanted : reply.toolCalls()) {
        int number =
            (int) parts.stream().filter(part -> part.call().isPresent()).count();
        parts.add(made(session, turn, number, utterance.amended(wanted), said));
      }
    }
    return parts;
  }

  private static Part made(
      SessionKey session, Turn turn, int number, ToolCall wanted, String said) {
    return new Part(said, Optional.of(NextStep.call(session, turn, number, wanted)), "");
  }

  /** A message that drops or changes a call which waits for its approval withdraws that: these come before the message's own turn. */
  static List<SessionEvent> withdraw(
      Turn latest, String message, AgentDefinition definition, Instant now) {
    boolean withdraws = definition.dialogue()
        && latest.isWaiting()
        && latest.history().isEmpty()
        && latest.calls().stream()
            .filter(Call::waits)
            .allMatch(call -> call.status() == Call.Status.AWAITING_APPROVAL)
        && latest.calls().stream().anyMatch(Call::waits)
        && Repair.of(message).isPresent();
    return withdraws
        ? Stream.concat(
                Ledger.leave(latest, definition.external(), now).stream(),
                Stream.of(new SessionEvent.TurnFinished(
                    latest.id(),
                    Turn.Status.STOPPED,
                    "Withdrawn.",
                    List.of(),
                    ErrorCode.STOPPED.id(),
                    now)))
            .toList()
        : List.of();
  }
}
