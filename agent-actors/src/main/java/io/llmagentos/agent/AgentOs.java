package io.llmagentos.agent;

import io.llmagentos.agent.definition.AgentDefinition;
import io.llmagentos.agent.definition.AgentDefinitions;
import io.llmagentos.agent.schedule.Occurrence;
import io.llmagentos.agent.schedule.Schedule;
import io.llmagentos.agent.schedule.Schedules;
import io.llmagentos.agent.schedule.Timing;
import io.llmagentos.agent.serving.AgentKey;
import io.llmagentos.agent.serving.Agents;
import io.llmagentos.agent.session.Decision;
import io.llmagentos.agent.session.InboxIndex;
import io.llmagentos.agent.session.Session;
import io.llmagentos.agent.session.SessionIndex;
import io.llmagentos.agent.session.SessionKey;
import io.llmagentos.agent.session.Sessions;
import io.llmagentos.agent.session.Turn;
import io.llmagentos.agent.tool.Tool;
import io.llmagentos.agent.tool.ToolHost;
import io.llmagentos.node.Node;
import io.llmagentos.node.envelope.ContentPart;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.envelope.Provenance;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import org.apache.pekko.stream.javadsl.AsPublisher;
import org.apache.pekko.stream.javadsl.JavaFlowSupport;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;

/**
 * The platform as Java sees it, from within any node: actors and subsystems are users too, and trusted: nobody asks them for a key. Thread-safe. Stages
 * fail with {@link AgentOsException}, wrapped as {@code CompletionException} where Java does so.
 *
 * <pre>{@code
 * AgentOs.on(node).session("assistant", "alice", "kitchen").say("what alarms do I have").thenAccept(turn -> show(turn.answer()));
 * }</pre>
 */
public final class AgentOs {
  private static final Duration DEADLINE = Duration.ofMinutes(2);
  private static final int MOST_LISTED = 200;

  private final Node node;
  private final String tenant;
  private final Sessions sessions;
  private final Agents agents;

  private AgentOs(Node node, String tenant) {
    this.node = node;
    this.tenant = tenant;
    this.sessions = node.service(Sessions.class);
    this.agents = node.service(Agents.class);
  }

  /** On a node whose subsystems have started, for the tenant {@code local}: the one of a cluster without API keys. */
  public static AgentOs on(Node node) {
    return new AgentOs(node, "local");
  }

  /** The same for another tenant. */
  public AgentOs forTenant(String other) {
    return new AgentOs(node, other);
  }

  /** What the agents are, with the tools that they have now. */
  public List<AgentDefinition> agents() {
    return node.service(AgentDefinitions.class).all();
  }

  /** The tools outside the journal that this node has now, whatever they come from: what they are called, take, give, and may do. */
  public List<Tool> tools() {
    return node.service(ToolHost.class).tools();
  }

  /** The principal's sessions, the one that was used last first, at most {@value #MOST_LISTED}. Usually a second behind. */
  public CompletionStage<List<SessionIndex.Row>> sessions(String principal) {
    return CompletableFuture.supplyAsync(
        () -> SessionIndex.read(node.database().dataSource(), tenant, principal, MOST_LISTED),
        node.blockingExecutor());
  }

  /** The principal's dialogue with an agent; opened when something is said in it first. */
  public Dialogue session(String agent, String principal, String id) {
    return new Dialogue(agent, new SessionKey(tenant, principal, id));
  }

  /** The agent that serves a principal, and what wakes it. */
  public Served agent(String agent, String principal) {
    return agent(agent, principal, "");
  }

  /** The agent that serves a user of a principal's, and what wakes it. */
  public Served agent(String agent, String principal, String user) {
    return new Served(agent, principal, user);
  }

  /** What waits for a person, seen as one. */
  public Inbox inbox(String person) {
    return new Inbox(person);
  }

  private Context context(String principal) {
    return new Context(
        tenant,
        principal,
        node.clock().instant().plus(DEADLINE),
        UUID.randomUUID().toString().replace("-", ""),
        Provenance.PRINCIPAL);
  }

  /** One dialogue. */
  public final class Dialogue {
    private final String agent;
    private final SessionKey key;

    private Dialogue(String agent, SessionKey key) {
      this.agent = agent;
      this.key = key;
    }

    /** Say something; completes with the turn's end, or when it waits for a person. */
    public CompletionStage<Turn> say(String text) {
      return say(UUID.randomUUID().toString(), text);
    }

    /** Say something under the caller's own turn id: saying it again is harmless. */
    public CompletionStage<Turn> say(String turn, String text) {
      return replies(turn, text)
          .runWith(Sink.last(), node.system())
          .thenApply(last -> ((Session.Finished) last).turn());
    }

    /**
     * Say something and follow it: {@link Session.Accepted} once it is in the journal, a {@link Session.Delta} for each piece of the answer, and in the
     * end {@link Session.Finished}. For one subscriber; the turn goes on when it cancels.
     */
    public Flow.Publisher<Session.Reply> follow(String turn, String text) {
      return replies(turn, text)
          .runWith(JavaFlowSupport.Sink.asPublisher(AsPublisher.WITHOUT_FANOUT), node.system());
    }

    private Source<Session.Reply, ?> replies(String turn, String text) {
      Context context = context(key.principal());
      return Source.completionStage(sessions.open(key, context, agent, key.principal()))
          .flatMapConcat(opened -> sessions.say(key, context, turn, ContentPart.text(text)));
    }

    /** Stop the turn that runs, or else the latest that waits; completes with its end. */
    public CompletionStage<Turn> stop() {
      return stop("");
    }

    public CompletionStage<Turn> stop(String turn) {
      return sessions.stop(key, context(key.principal()), turn).thenApply(Session.Finished::turn);
    }

    /** The latest turns, oldest first, as many as a message carries; with their calls and what people decided about them. */
    public CompletionStage<List<Turn>> history() {
      return sessions.describe(key).thenApply(Session.Description::turns);
    }

    /** Keep what a person thinks of an answer with its turn: 1, it was good; -1, it was bad. */
    public CompletionStage<Turn> feedback(String turn, int rating, String text) {
      return rating == 1 || rating == -1
          ? sessions
              .rate(key, context(key.principal()), turn, rating, text)
              .thenApply(Session.Recorded::turn)
          : CompletableFuture.failedFuture(new AgentOsException(
              ErrorCode.INVALID_REQUEST,
              "rating must be 1 (good) or -1 (bad), is " + rating,
              "rating"));
    }

    /** From now on the person answers, instead of the agent. */
    public CompletionStage<Void> takeOver(String person) {
      return sessions.takeOver(key, context(person)).thenAccept(taken -> {});
    }

    /** Answer a turn as the person who has taken the session over. */
    public CompletionStage<Turn> answer(String person, String turn, String text) {
      return sessions.answer(key, context(person), turn, text).thenApply(Session.Recorded::turn);
    }

    /** The agent answers again, also what was left unanswered. */
    public CompletionStage<Void> release(String person) {
      return sessions.release(key, context(person)).thenAccept(released -> {});
    }
  }

  /** An agent of one principal, or of a user of a principal's. */
  public final class Served {
    private final AgentKey key;
    private final String principal;

    private final String session;

    private Served(String agent, String principal, String user) {
      this.key = new AgentKey(tenant, agent, AgentKey.subject(principal, user));
      this.principal = principal;
      this.session = Schedule.defaultSession(agent, user);
    }

    /** What it will be woken for, and when next. */
    public CompletionStage<List<Schedules.Planned>> schedules() {
      return agents.schedules(key);
    }

    /** Have something said to it at certain times, in its own session; puts it in the place of the schedule with that id. */
    public CompletionStage<List<Schedules.Planned>> schedule(
        String id, Timing timing, String text) {
      return agents.schedule(key, new Schedule(id, principal, session, timing, text, false));
    }

    public CompletionStage<List<Schedules.Planned>> unschedule(String id) {
      return agents.unschedule(key, id);
    }

    /** Let it hear of an event, as a turn of its own session; completes once it is in the journal. The same key again is the same event. */
    public CompletionStage<Occurrence> raise(String eventKey, String text) {
      return agents.raise(key, eventKey, principal, session, text);
    }
  }

  /** What waits for people; from the projection, usually a second behind the sessions, which have the last word. */
  public final class Inbox {
    private final String person;

    private Inbox(String person) {
      this.person = person;
    }

    /** What waits, newest first, at most {@value #MOST_LISTED}. */
    public CompletionStage<List<InboxIndex.Item>> open() {
      return CompletableFuture.supplyAsync(
          () -> InboxIndex.open(node.database().dataSource(), tenant, MOST_LISTED),
          node.blockingExecutor());
    }

    /** An item, decided or not. */
    public CompletionStage<Optional<InboxIndex.Item>> find(String id) {
      return CompletableFuture.supplyAsync(
          () -> InboxIndex.find(node.database().dataSource(), tenant, id), node.blockingExecutor());
    }

    /** Let the call be made with exactly the arguments that the item shows. */
    public CompletionStage<Turn> approve(InboxIndex.Item item) {
      return decide(item, Decision.Kind.APPROVED, "", "");
    }

    /** @param arguments a JSON object, with which it is made instead */
    public CompletionStage<Turn> approveWith(InboxIndex.Item item, String arguments) {
      return decide(item, Decision.Kind.APPROVED, arguments, "");
    }

    public CompletionStage<Turn> deny(InboxIndex.Item item, String reason) {
      return decide(item, Decision.Kind.DENIED, "", reason);
    }

    /**
     * Settle a call of which nobody knows what came.
     *
     * @param kind {@code HAPPENED}, {@code DID_NOT_HAPPEN} or {@code RETRY}
     * @param receipt what the person found out; may be empty
     */
    public CompletionStage<Turn> settle(InboxIndex.Item item, Decision.Kind kind, String receipt) {
      return decide(item, kind, "", receipt);
    }

    private CompletionStage<Turn> decide(
        InboxIndex.Item item, Decision.Kind kind, String arguments, String text) {
      return sessions
          .decide(item, context(person), kind, item.hash(), arguments, text)
          .thenApply(Session.Recorded::turn);
    }
  }
}
