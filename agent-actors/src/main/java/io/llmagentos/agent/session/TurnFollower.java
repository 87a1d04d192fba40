package io.llmagentos.agent.session;

import io.llmagentos.node.envelope.ContentPart;
import io.llmagentos.node.envelope.Context;
import java.time.Duration;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityRef;

/**
 * Says one turn on behalf of a client and follows it to its end, also when the session moves to another node: until the end is heard the turn is said
 * again, which is harmless. Forwards each reply once, the last is {@link Session.Finished} or {@link Session.Rejected}; stops when its listener does.
 * The turn itself goes on without its follower.
 */
final class TurnFollower {
  private static final Duration AGAIN = Duration.ofSeconds(1);

  private sealed interface Command {}

  private record Heard(Session.Reply reply) implements Command {}

  private record Again() implements Command {}

  private record ListenerGone() implements Command {}

  private final ActorContext<Command> context;
  private final EntityRef<Session.Command> session;
  private final Session.Say say;
  private final ActorRef<Session.Reply> listener;
  private boolean accepted;
  private int heardSoFar;

  private TurnFollower(
      ActorContext<Command> context,
      EntityRef<Session.Command> session,
      Session.Say say,
      ActorRef<Session.Reply> listener) {
    this.context = context;
    this.session = session;
    this.say = say;
    this.listener = listener;
  }

  static Behavior<Void> create(
      EntityRef<Session.Command> session,
      Context caller,
      String turn,
      List<ContentPart> content,
      ActorRef<Session.Reply> listener) {
    return Behaviors.<Command>setup(context -> Behaviors.withTimers(timers -> {
          Session.Say say = new Session.Say(
              caller, turn, content, context.messageAdapter(Session.Reply.class, Heard::new));
          context.watchWith(listener, new ListenerGone());
          timers.startTimerWithFixedDelay(new Again(), AGAIN);
          session.tell(say);
          return new TurnFollower(context, session, say, listener).following();
        }))
        .unsafeCast();
  }

  private Behavior<Command> following() {
    return Behaviors.receive(Command.class)
        .onMessage(Heard.class, heard -> onHeard(heard.reply()))
        .onMessage(Again.class, again -> {
          session.tell(say);
          return Behaviors.same();
        })
        .onMessage(ListenerGone.class, gone -> Behaviors.stopped())
        .build();
  }

  private Behavior<Command> onHeard(Session.Reply reply) {
    switch (reply) {
      case Session.Accepted first -> {
        if (accepted) {
          return Behaviors.same();
        }
        accepted = true;
        listener.tell(first);
      }
      case Session.Delta delta -> {
        // After a move the model may speak again from the start: what was heard is not heard twice.
        int end = delta.offset() + delta.text().length();
        if (end > heardSoFar && delta.offset() <= heardSoFar) {
          listener.tell(new Session.Delta(
              delta.turn(), heardSoFar, delta.text().substring(heardSoFar - delta.offset())));
          heardSoFar = end;
        }
      }
      case Session.Finished end -> {
        return ended(end);
      }
      case Session.Rejected end -> {
        return ended(end);
      }
      case Session.Opened unexpected -> context.getLog().warn("unexpected {}", unexpected);
      case Session.Description unexpected -> context.getLog().warn("unexpected {}", unexpected);
    }
    return Behaviors.same();
  }

  private Behavior<Command> ended(Session.Reply reply) {
    listener.tell(reply);
    context.getLog().debug("turn {} ended", say.turn());
    return Behaviors.stopped();
  }
}
