package io.llmagentos.agent.session;

import io.llmagentos.agent.account.Accounts;
import io.llmagentos.agent.budget.Prices;
import io.llmagentos.agent.budget.Usage;
import io.llmagentos.agent.definition.AgentDefinition;
import io.llmagentos.agent.tool.ToolHost;
import io.llmagentos.agent.tool.ToolTraits;
import io.llmagentos.model.serving.Models;
import io.llmagentos.node.envelope.ContentPart;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.wire.WireMessage;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.jspecify.annotations.Nullable;

/**
 * One dialogue. Turns are serialised; a turn is acknowledged only once it is in the journal, and then ends exactly once, whatever dies meanwhile:
 * {@link NextStep} says from the journal alone what is left to do. A turn that waits for a person is out of the way of the others. Here is what is said to it and
 * heard from it; {@link SessionEntity} is what answers.
 */
public final class Session {
  public static final String KIND = "session";
  public static final EntityTypeKey<Command> KEY = EntityTypeKey.create(Command.class, KIND);

  public sealed interface Command
      permits Request, SessionEntity.WatcherGone, TurnRunner.Progress, Outbox.Told {}

  public sealed interface Request extends Command, WireMessage {}

  /** Open the session; opening an open one changes nothing. */
  public record Open(Context context, String agent, String subject, ActorRef<Reply> replyTo)
      implements Request {}

  /** A turn of the principal. Saying a turn again, under the same id, has no second effect: it is answered from the journal. */
  public record Say(
      Context context, String turn, List<ContentPart> content, ActorRef<Reply> replyTo)
      implements Request {
    public Say {
      content = List.copyOf(content);
    }
  }

  /**
   * A stateless completion: a turn that brings its own past, in a session that it opens. A turn of this session that said the same and runs, or
   * ended less than the window ago, is the answer: a client that asks again has no second effect.
   *
   * @param turn the turn's id if it becomes one; under a known id only the same may be said
   */
  public record Complete(
      Context context,
      String agent,
      String subject,
      String turn,
      List<Message> history,
      List<ContentPart> content,
      Duration repeatWindow,
      ActorRef<Reply> replyTo)
      implements Request {
    public Complete {
      history = List.copyOf(history);
      content = List.copyOf(content);
    }
  }

  /**
   * The turn that another agent's call is, in a session that it opens. Again, it is answered from the journal.
   *
   * @param origin the call
   */
  public record Delegate(
      Context context,
      String agent,
      String subject,
      Origin origin,
      String turn,
      List<ContentPart> content,
      ActorRef<Reply> replyTo)
      implements Request {
    public Delegate {
      content = List.copyOf(content);
    }
  }

  /** The turn that a call of this session's is, in a session of its own, has ended. No answer: tell it again. */
  public record DelegateEnded(String turn, int call, ActorRef<Reply> replyTo) implements Request {}

  /** Stop the named turn, or with an empty name the one that runs, or else the latest that waits. */
  public record Stop(Context context, String turn, ActorRef<Reply> replyTo) implements Request {}

  /** What somebody wants of the session besides saying something. */
  public sealed interface OfPerson extends Request {
    Context context();

    ActorRef<Reply> replyTo();
  }

  /** Of one turn of the session. */
  public sealed interface OfTurn extends OfPerson {
    String turn();
  }

  /**
   * A person decides about a call: approves it, with other arguments if they are not empty, denies it, or says what came of it.
   *
   * @param number which of the decisions about the call, from 0; saying one again has no second effect
   * @param hash of the arguments that the person saw
   * @param text a denial's reason, a settlement's receipt; may be empty
   */
  public record Decide(
      Context context,
      String turn,
      int call,
      int number,
      Decision.Kind kind,
      String hash,
      String arguments,
      String text,
      ActorRef<Reply> replyTo)
      implements OfTurn {}

  /** From now on the caller answers; turns that the model has not been asked for wait for {@link AnswerTurn}. */
  public record TakeOver(Context context, ActorRef<Reply> replyTo) implements OfPerson {}

  /** From now on the agent answers again, also what was left unanswered. */
  public record Release(Context context, ActorRef<Reply> replyTo) implements OfPerson {}

  /** The person who has taken the session over answers a turn. */
  public record AnswerTurn(Context context, String turn, String text, ActorRef<Reply> replyTo)
      implements OfTurn {}

  /** @param rating 1: the turn's answer was good, -1: it was bad */
  public record Rate(Context context, String turn, int rating, String text, ActorRef<Reply> replyTo)
      implements OfTurn {}

  public record Describe(ActorRef<Reply> replyTo) implements Request {}

  /** Hear of every event after the given version; repeat it to follow the session when it moves. */
  public record Watch(long afterVersion, ActorRef<Reply> watcher) implements Request {}

  /** A durable timer is due: of an unfinished turn, or of an approval that nobody gave. */
  public record Wake(String timer) implements Request {}

  /** An account wants to know what was spent under a lease. */
  public record Recall(long lease) implements Request {}

  public sealed interface Reply extends WireMessage {}

  public record Opened(String agent) implements Reply {}

  public record Accepted(String turn, long version) implements Reply {}

  /** A piece of the running turn's answer. Not durable: {@link Finished} has the whole. */
  public record Delta(String turn, int offset, String text) implements Reply {}

  /** What was told of the running turn's answer does not hold; what holds follows from offset 0. */
  public record Reset(String turn) implements Reply {}

  /** A turn's end, or that it waits for a person: the last that its request hears. Without the history that its client gave. */
  public record Finished(Turn turn, long version) implements Reply {
    public Finished {
      turn = turn.withoutHistory();
    }
  }

  /** How the steps of the running turn's plans stand. Not durable: {@link Finished} has them, too. */
  public record Progressed(String turn, List<Plan.Progress> steps) implements Reply {
    public Progressed {
      steps = List.copyOf(steps);
    }
  }

  /** What a person said of a turn is in the journal. */
  public record Recorded(Turn turn) implements Reply {
    public Recorded {
      turn = turn.withoutHistory();
    }
  }

  /** The session goes on without the call's turn, whatever dies now. */
  public record Heard(String turn) implements Reply {}

  public record Rejected(ErrorCode code, String message) implements Reply {}

  /**
   * @param turns the latest, as many as a message carries
   * @param operator the person who has taken it over; empty: the agent answers
   * @param usage what was spent on all its turns
   * @param serving the agent that goes on with it: {@code agent}, or whom it was handed off to
   * @param origin the call of another agent's that it was opened for
   */
  public record Description(
      String agent,
      String subject,
      Instant openedAt,
      List<Turn> turns,
      String node,
      long version,
      String operator,
      Usage usage,
      String serving,
      Optional<Origin> origin)
      implements Reply {
    public Description {
      turns = turns.stream().map(Turn::withoutHistory).toList();
    }
  }

  /**
   * What a session needs from its node.
   *
   * @param agents the definition of an agent, or {@code NOT_FOUND}
   * @param approvalExpiry how long a call waits for its approval
   * @param delegationDepth how many agents may ask one another in a row
   * @param resident sessions in this node's memory
   * @param inFlight turns that this node works on
   */
  public record Dependencies(
      Clock clock,
      Models models,
      Function<String, AgentDefinition> agents,
      ToolHost tools,
      Duration turnTimeout,
      Duration approvalExpiry,
      int delegationDepth,
      AtomicInteger resident,
      AtomicInteger inFlight,
      Prices prices,
      Accounts accounts) {
    /** The definition of the agent whose turn it is, or {@code NOT_FOUND}. */
    AgentDefinition definition(SessionState state, Turn turn) {
      return agents.apply(state.serving(turn));
    }

    /** Null when the agent is not defined any more. */
    @Nullable
    AgentDefinition knownDefinition(SessionState state, Turn turn) {
      try {
        return definition(state, turn);
      } catch (AgentOsException noDefinition) {
        return null;
      }
    }

    /** The tools outside the journal that a turn's agent has. */
    Map<String, ToolTraits> external(SessionState state, @Nullable Turn turn) {
      AgentDefinition definition = turn == null ? null : knownDefinition(state, turn);
      return definition == null ? Map.of() : definition.external();
    }
  }

  private Session() {}

  public static Behavior<Command> create(String entityId, Dependencies dependencies) {
    return Behaviors.setup(context -> new SessionEntity(context, entityId, dependencies));
  }
}
