package io.llmagentos.agent;

import io.llmagentos.agent.session.Session;
import io.llmagentos.agent.session.SessionKey;
import io.llmagentos.agent.session.Sessions;
import io.llmagentos.agent.session.Turn;
import io.llmagentos.node.envelope.ContentPart;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.envelope.Provenance;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.stream.javadsl.Sink;

/**
 * The platform as Java sees it, from within any node's actor system: actors are users too. Thread-safe.
 *
 * <pre>{@code
 * AgentOs.on(system).session("assistant", "alice", "kitchen").say("what alarms do I have").thenAccept(turn -> show(turn.answer()));
 * }</pre>
 */
public final class AgentOs {
  private static final Duration DEADLINE = Duration.ofMinutes(2);

  private final ActorSystem<?> system;
  private final Sessions sessions;

  private AgentOs(ActorSystem<?> system) {
    this.system = system;
    this.sessions = new Sessions(system);
  }

  /** On a node's actor system; see {@code Node.system()}. */
  public static AgentOs on(ActorSystem<?> system) {
    return new AgentOs(system);
  }

  /** The principal's dialogue with an agent; opened when it is first used. */
  public Dialogue session(String agent, String principal, String id) {
    return new Dialogue(agent, new SessionKey("local", principal, id));
  }

  /** One dialogue. */
  public final class Dialogue {
    private final String agent;
    private final SessionKey key;

    private Dialogue(String agent, SessionKey key) {
      this.agent = agent;
      this.key = key;
    }

    /** Say something; completes with the turn's end, or fails with {@code AgentOsException}. */
    public CompletionStage<Turn> say(String text) {
      return say(UUID.randomUUID().toString(), text);
    }

    /** Say something under the caller's own turn id: saying it again is harmless. */
    public CompletionStage<Turn> say(String turn, String text) {
      Context context = new Context(
          key.tenant(),
          key.principal(),
          Instant.now().plus(DEADLINE),
          UUID.randomUUID().toString().replace("-", ""),
          Provenance.PRINCIPAL);
      return sessions
          .open(key, context, agent, key.principal())
          .thenCompose(opened ->
              sessions.say(key, context, turn, ContentPart.text(text)).runWith(Sink.last(), system))
          .thenApply(last -> ((Session.Finished) last).turn());
    }
  }
}
