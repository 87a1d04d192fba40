package io.llmagentos.agent.session;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.http.Api;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The rules of calls that are turns of other agents. Each is the only turn of a session of its own, which is named after the call: made again, it is the same turn.
 * A call whose turn waits for a person is pending until that session says that it has ended, or until it is looked after again.
 */
final class Delegation {
  private static final int ID_LENGTH = 40;

  private Delegation() {}

  /** The session that a call's turn runs in: of the same principal. */
  static SessionKey session(SessionKey asking, Call call) {
    return new SessionKey(asking.tenant(), asking.principal(), "sub-" + turn(call));
  }

  /** The id of a call's turn. */
  static String turn(Call call) {
    return Api.sha256(call.key()).substring(0, ID_LENGTH);
  }

  /** What the session of a call's turn is told of where it comes from. */
  static Origin origin(SessionKey asking, SessionState state, Turn turn, Call call) {
    List<String> agents = new ArrayList<>(state.origin().map(Origin::agents).orElse(List.of()));
    agents.add(state.serving(turn));
    return new Origin(asking.entityId(), turn.id(), call.number(), agents);
  }

  /** Why an agent must not be asked; empty: it may. */
  static Optional<String> refusal(Origin origin, String agent, int depth) {
    String path = String.join(" > ", origin.agents()) + " > " + agent;
    if (origin.agents().contains(agent)) {
      return Optional.of("'" + agent + "' is being answered already: " + path);
    }
    return origin.agents().size() > depth
        ? Optional.of("agents ask each other at most " + depth
            + " deep (llmagentos.agent.delegation-depth): " + path)
        : Optional.empty();
  }

  /** What a call's turn means for the call. */
  static CallOutcome outcome(Call call, Turn turn) {
    return switch (turn.status()) {
      case COMPLETED -> CallOutcome.Ended.succeeded(turn.answer(), structured(turn));
      case FAILED, STOPPED, BUDGET_EXCEEDED ->
        CallOutcome.Ended.failed(turn.answer(), ErrorCode.TOOL_FAILED.id());
      case WAITING -> new CallOutcome.Pending(turn.answer());
      case RUNNING -> new CallOutcome.Pending(call.name() + " is not answered yet.");
    };
  }

  private static String structured(Turn turn) {
    return Api.JSON
        .createObjectNode()
        .put("status", turn.status().id())
        .put("answer", turn.answer())
        .toString();
  }

  /** The message of a call's arguments; empty: there is none. */
  static Optional<String> message(Call call) {
    try {
      return Optional.of(Api.JSON.readTree(call.arguments()).path("message").asText())
          .filter(message -> !message.isBlank());
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }

  /** With what the session has to tell the one that it works for, if it does. */
  static List<SessionEvent> withWord(SessionState state, List<SessionEvent> events) {
    return state.origin().isEmpty()
        ? events
        : events.stream()
            .flatMap(event -> event instanceof SessionEvent.TurnFinished end
                ? Stream.of(event, new SessionEvent.EndToTell(end.turn(), end.at()))
                : Stream.of(event))
            .toList();
  }

  /** A call's turn has ended, as its session says. */
  static List<SessionEvent> ended(Turn turn, int number, Instant now) {
    return turn.call(number).filter(call -> call.status() == Call.Status.PENDING).stream()
        .<SessionEvent>map(
            call -> new SessionEvent.CallTakenUp(turn.id(), number, !turn.hasEnded(), now))
        .toList();
  }

  /** Whether a call's node still follows its turn: what it says of it is on its way. */
  static boolean isFollowed(Turn turn, int number) {
    return turn.isRunning()
        && turn.call(number)
            .filter(call -> call.status() == Call.Status.STARTED)
            .isPresent();
  }

  /** Calls to look after again when a timer is due, pending or not: it is done with then. */
  static List<SessionEvent> due(Turn turn, String timer, Instant now) {
    return turn.calls().stream()
        .filter(call -> timer.equals(SessionEvent.pendingTimer(turn.id(), call.number())))
        .<SessionEvent>map(call -> new SessionEvent.CallTakenUp(
            turn.id(),
            call.number(),
            !turn.hasEnded() && call.status() == Call.Status.PENDING,
            now))
        .toList();
  }

  /**
   * What a turn that ends before its calls leaves to other agents: they shall stop.
   *
   * @param agents that the turn's agent asks, by the names of the calls
   */
  static List<SessionEvent> leave(Turn turn, Map<String, String> agents, Instant now) {
    return turn.calls().stream()
        .filter(call -> call.status() == Call.Status.PENDING
            || (call.status() == Call.Status.STARTED && agents.containsKey(call.name())))
        .<SessionEvent>map(call -> new SessionEvent.StopToTell(turn.id(), call.number(), now))
        .toList();
  }
}
