package io.llmagentos.agent.session;

import java.time.Duration;
import java.util.function.Function;
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
  private final Session.Request say;
  private final ActorRef<Session.Reply> listener;
  private boolean accepted;
  private final HeardText heard = new HeardText();

  private TurnFollower(
      ActorContext<Command> context,
      EntityRef<Session.Command> session,
      Session.Request say,
      ActorRef<Session.Reply> listener) {
    this.context = context;
    this.session = session;
    this.say = say;
    this.listener = listener;
  }

  /** @param turn the turn to say, given whom to reply to */
  static Behavior<Void> create(
      EntityRef<Session.Command> session,
      Function<ActorRef<Session.Reply>, Session.Request> turn,
      ActorRef<Session.Reply> listener) {
    return Behaviors.<Command>setup(context -> Behaviors.withTimers(timers -> {
          Session.Request say = turn.apply(context.messageAdapter(Session.Reply.class, Heard::new));
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
      case Session.Delta delta -> heard.hear(delta).forEach(listener::tell);
      case Session.Progressed progress -> listener.tell(progress);
      case Session.Finished end -> {
        return ended(end);
      }
      case Session.Rejected end -> {
        return ended(end);
      }
      case Session.Reset unexpected -> context.getLog().warn("unexpected {}", unexpected);
      case Session.Opened unexpected -> context.getLog().warn("unexpected {}", unexpected);
      case Session.Heard unexpected -> context.getLog().warn("unexpected {}", unexpected);
      case Session.Recorded unexpected -> context.getLog().warn("unexpected {}", unexpected);
      case Session.Description unexpected -> context.getLog().warn("unexpected {}", unexpected);
    }
    return Behaviors.same();
  }

  private Behavior<Command> ended(Session.Reply reply) {
    listener.tell(reply);
    return Behaviors.stopped();
  }
}
