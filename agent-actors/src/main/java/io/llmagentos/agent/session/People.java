package io.llmagentos.agent.session;

import io.llmagentos.agent.tool.ToolTraits;
import io.llmagentos.node.error.ErrorCode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The rules of what people do with a session besides talking to its agent. Pure. */
final class People {
  private People() {}

  /** @param tools those outside the journal, by name */
  static Ruling rule(
      SessionState state, Session.OfPerson request, Map<String, ToolTraits> tools, Instant now) {
    if (!state.isOpen()) {
      return new Ruling.Refused(ErrorCode.NOT_FOUND, "the session does not exist");
    }
    String by = request.context().principal();
    return switch (request) {
      case Session.TakeOver take -> takeOver(state, by, now);
      case Session.Release release ->
        state.operator().isEmpty()
            ? Ruling.known()
            : Ruling.of(new SessionEvent.SessionReleased(by, state.awaitingAnswer(), now));
      case Session.OfTurn ofTurn ->
        state
            .turn(ofTurn.turn())
            .map(turn -> ofTurn(state, turn, ofTurn, tools, now))
            .orElseGet(() -> new Ruling.Refused(
                ErrorCode.NOT_FOUND, "turn " + ofTurn.turn() + " does not exist"));
    };
  }

  private static Ruling takeOver(SessionState state, String by, Instant now) {
    if (state.operator().equals(by)) {
      return Ruling.known();
    }
    return state.operator().isEmpty()
        ? Ruling.of(new SessionEvent.SessionTakenOver(by, now))
        : Ruling.conflict("the session is taken over by " + state.operator());
  }

  private static Ruling ofTurn(
      SessionState state,
      Turn turn,
      Session.OfTurn request,
      Map<String, ToolTraits> tools,
      Instant now) {
    String by = request.context().principal();
    return switch (request) {
      case Session.Decide decide ->
        Ledger.decide(
            turn,
            decide.call(),
            decide.number(),
            new Decision(decide.kind(), decide.hash(), decide.arguments(), decide.text(), by, now));
      case Session.AnswerTurn answer -> answer(state, turn, answer.text(), by, tools, now);
      case Session.Rate rate -> rate(turn, new Feedback(rate.rating(), rate.text(), by, now));
    };
  }

  private static Ruling answer(
      SessionState state,
      Turn turn,
      String text,
      String by,
      Map<String, ToolTraits> tools,
      Instant now) {
    if (turn.hasEnded()) {
      return turn.answer().equals(text)
          ? Ruling.known()
          : Ruling.conflict(
              "turn " + turn.id() + " is " + turn.status().id() + " and has its answer");
    }
    if (!state.operator().equals(by)) {
      return Ruling.conflict("take the session over first; "
          + (state.operator().isEmpty() ? "its agent answers" : state.operator() + " has it"));
    }
    List<SessionEvent> events = new ArrayList<>(Ledger.leave(turn, tools, now));
    events.add(
        new SessionEvent.TurnFinished(turn.id(), Turn.Status.COMPLETED, text, List.of(), "", now));
    return new Ruling.Accepted(events);
  }

  private static Ruling rate(Turn turn, Feedback given) {
    if (!turn.hasEnded()) {
      return Ruling.conflict(
          "turn " + turn.id() + " is " + turn.status().id() + " and has no answer to rate yet");
    }
    return turn.feedback().filter(given::says).isPresent()
        ? Ruling.known()
        : Ruling.of(new SessionEvent.FeedbackGiven(turn.id(), given));
  }
}
