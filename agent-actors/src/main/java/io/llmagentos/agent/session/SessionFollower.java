package io.llmagentos.agent.session;

import io.llmagentos.agent.serving.Agent;
import io.llmagentos.node.wire.WireMessage;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityRef;

/**
 * Follows a session and its agent for a client, wherever they move: turns as they are accepted and finish, notices as they come, each once and in
 * order from the given position. Stops when its listener does.
 */
public final class SessionFollower {
  private static final Duration AGAIN = Duration.ofSeconds(2);

  private sealed interface Command {}

  private record SessionSaid(Session.Reply reply) implements Command {}

  private record AgentSaid(Agent.Reply reply) implements Command {}

  private record Again() implements Command {}

  private record ListenerGone() implements Command {}

  /**
   * One thing that happened.
   *
   * @param position where to resume after it
   */
  public record Happening(SessionPosition position, WireMessage what) {}

  private final ActorContext<Command> context;
  private final EntityRef<Session.Command> session;
  private final EntityRef<Agent.Command> agent;
  private final ActorRef<Session.Reply> sessionReplies;
  private final ActorRef<Agent.Reply> agentReplies;
  private final ActorRef<Happening> listener;
  private SessionPosition position;

  /** Of the turns that run, by id. */
  private final Map<String, HeardText> heard = new HashMap<>();

  private SessionFollower(
      ActorContext<Command> context,
      EntityRef<Session.Command> session,
      EntityRef<Agent.Command> agent,
      SessionPosition from,
      ActorRef<Happening> listener) {
    this.context = context;
    this.session = session;
    this.agent = agent;
    this.sessionReplies = context.messageAdapter(Session.Reply.class, SessionSaid::new);
    this.agentReplies = context.messageAdapter(Agent.Reply.class, AgentSaid::new);
    this.position = from;
    this.listener = listener;
  }

  static Behavior<Void> create(
      EntityRef<Session.Command> session,
      EntityRef<Agent.Command> agent,
      SessionPosition from,
      ActorRef<Happening> listener) {
    return Behaviors.<Command>setup(context -> Behaviors.withTimers(timers -> {
          context.watchWith(listener, new ListenerGone());
          timers.startTimerWithFixedDelay(new Again(), AGAIN);
          SessionFollower follower = new SessionFollower(context, session, agent, from, listener);
          follower.watch();
          return follower.following();
        }))
        .unsafeCast();
  }

  private void watch() {
    session.tell(new Session.Watch(position.session(), sessionReplies));
    agent.tell(new Agent.Watch(position.notice(), agentReplies));
  }

  private Behavior<Command> following() {
    return Behaviors.receive(Command.class)
        .onMessage(SessionSaid.class, said -> onSession(said.reply()))
        .onMessage(AgentSaid.class, said -> onAgent(said.reply()))
        .onMessage(Again.class, again -> {
          watch();
          return Behaviors.same();
        })
        .onMessage(ListenerGone.class, gone -> Behaviors.stopped())
        .build();
  }

  private Behavior<Command> onSession(Session.Reply reply) {
    switch (reply) {
      case Session.Accepted accepted -> advance(accepted.version(), accepted);
      case Session.Finished finished -> {
        heard.remove(finished.turn().id());
        advance(finished.version(), finished);
      }
      case Session.Delta delta ->
        heard
            .computeIfAbsent(delta.turn(), turn -> new HeardText())
            .hear(delta)
            .forEach(told -> listener.tell(new Happening(position, told)));
      case Session.Progressed progress -> listener.tell(new Happening(position, progress));
      default -> context.getLog().warn("unexpected {}", reply);
    }
    return Behaviors.same();
  }

  private void advance(long version, WireMessage what) {
    if (version > position.session()) {
      position = new SessionPosition(version, position.notice());
      listener.tell(new Happening(position, what));
    }
  }

  private Behavior<Command> onAgent(Agent.Reply reply) {
    if (reply instanceof Agent.Noticed noticed && noticed.id() > position.notice()) {
      position = new SessionPosition(position.session(), noticed.id());
      listener.tell(new Happening(position, noticed));
    }
    return Behaviors.same();
  }
}
