package io.llmagentos.agent.session;

import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.envelope.Provenance;
import io.llmagentos.node.error.AgentOsException;
import java.time.Clock;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.javadsl.ActorContext;

/**
 * What a session tells other sessions: that a turn has ended, to the one whose call it was; to stop, to the one whose turn a call was. Both are in the journal with what they follow
 * from, and a durable timer has them told again until they are heard. Of one actor.
 */
final class Outbox {
  private static final Duration LIMIT = Duration.ofMinutes(1);

  /** @param heard or there was nobody to hear it; else the timer has it told again */
  record Told(String timer, boolean heard) implements Session.Command {}

  private final ActorContext<Session.Command> context;
  private final SessionKey key;
  private final Clock clock;
  private final Sessions sessions;
  private final Set<String> underWay = new HashSet<>();

  Outbox(ActorContext<Session.Command> context, SessionKey key, Clock clock) {
    this.context = context;
    this.key = key;
    this.clock = clock;
    this.sessions = new Sessions(context.getSystem());
  }

  /** Tell what the events say, which are in the journal. */
  void tell(SessionState state, List<SessionEvent> events) {
    for (SessionEvent event : events) {
      if (event instanceof SessionEvent.EndToTell end) {
        tellEnd(state, end.turn());
      } else if (event instanceof SessionEvent.StopToTell stop) {
        state
            .turn(stop.turn())
            .flatMap(turn -> turn.call(stop.call()))
            .ifPresent(call -> tellStop(stop.turn(), call));
      }
    }
  }

  /** A durable timer is due. */
  void again(SessionState state, String timer) {
    for (Turn turn : state.turns()) {
      if (timer.equals(SessionEvent.endTimer(turn.id()))) {
        tellEnd(state, turn.id());
      }
      turn.calls().stream()
          .filter(call -> timer.equals(SessionEvent.stopTimer(turn.id(), call.number())))
          .forEach(call -> tellStop(turn.id(), call));
    }
  }

  private void tellEnd(SessionState state, String turn) {
    state
        .origin()
        .ifPresent(origin -> tell(SessionEvent.endTimer(turn), () -> sessions.tellEnd(origin)));
  }

  private void tellStop(String turn, Call call) {
    tell(
        SessionEvent.stopTimer(turn, call.number()),
        () -> sessions.stop(Delegation.session(key, call), context(), Delegation.turn(call)));
  }

  private void tell(String timer, Supplier<CompletionStage<? extends Session.Reply>> message) {
    if (underWay.add(timer)) {
      context.pipeToSelf(message.get(), (reply, failure) -> {
        boolean refused = failure instanceof CompletionException wrapped
            && wrapped.getCause() instanceof AgentOsException;
        return new Told(timer, failure == null || refused);
      });
    }
  }

  /** What is under way is not any more. */
  void returned(Told told) {
    underWay.remove(told.timer());
  }

  private Context context() {
    return new Context(
        key.tenant(),
        key.principal(),
        clock.instant().plus(LIMIT),
        UUID.randomUUID().toString().replace("-", ""),
        Provenance.PRINCIPAL);
  }
}
