package io.llmagentos.agent.session;

import io.llmagentos.agent.serving.Agent;
import io.llmagentos.agent.serving.AgentKey;
import io.llmagentos.node.envelope.ContentPart;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityRef;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.OverflowStrategy;
import org.apache.pekko.stream.SharedKillSwitch;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.stream.typed.javadsl.ActorSource;

/** The sessions of the cluster, as anybody outside them reaches them. Thread-safe. */
public final class Sessions {
  private static final Duration ASK = Duration.ofSeconds(3);
  private static final int ATTEMPTS = 10;
  private static final int BUFFER = 1024;

  private final ActorSystem<?> system;
  private final ClusterSharding sharding;
  private final SharedKillSwitch untilGivenUp = KillSwitches.shared("turns");

  public Sessions(ActorSystem<?> system) {
    this.system = system;
    this.sharding = ClusterSharding.get(system);
  }

  /** Open a session, or find it open. Fails with {@code CONFLICT} when it is open with another agent. */
  public CompletionStage<Session.Opened> open(
      SessionKey key, Context context, String agent, String subject) {
    return ask(
        key, replyTo -> new Session.Open(context, agent, subject, replyTo), Session.Opened.class);
  }

  public CompletionStage<Session.Description> describe(SessionKey key) {
    return ask(key, Session.Describe::new, Session.Description.class);
  }

  /** Stop a turn, one that waits for a person too; with an empty id the current one. The reply is its end. */
  public CompletionStage<Session.Finished> stop(SessionKey key, Context context, String turn) {
    return ask(key, replyTo -> new Session.Stop(context, turn, replyTo), Session.Finished.class);
  }

  /** Record a person's decision about a call; the reply is the turn as it then stands. Saying it again has no second effect. */
  public CompletionStage<Session.Recorded> decide(
      InboxIndex.Item item,
      Context context,
      Decision.Kind kind,
      String hash,
      String arguments,
      String text) {
    return ask(
        item.session(),
        replyTo -> new Session.Decide(
            context,
            item.turn(),
            item.call(),
            item.decision(),
            kind,
            hash,
            arguments,
            text,
            replyTo),
        Session.Recorded.class);
  }

  /** The caller answers from now on, instead of the agent. */
  public CompletionStage<Session.Description> takeOver(SessionKey key, Context context) {
    return ask(key, replyTo -> new Session.TakeOver(context, replyTo), Session.Description.class);
  }

  /** The agent answers again. */
  public CompletionStage<Session.Description> release(SessionKey key, Context context) {
    return ask(key, replyTo -> new Session.Release(context, replyTo), Session.Description.class);
  }

  /** Answer a turn of a session that the caller has taken over. */
  public CompletionStage<Session.Recorded> answer(
      SessionKey key, Context context, String turn, String text) {
    return ask(
        key,
        replyTo -> new Session.AnswerTurn(context, turn, text, replyTo),
        Session.Recorded.class);
  }

  /** Keep what a person thinks of an answer with its turn. */
  public CompletionStage<Session.Recorded> rate(
      SessionKey key, Context context, String turn, int rating, String text) {
    return ask(
        key,
        replyTo -> new Session.Rate(context, turn, rating, text, replyTo),
        Session.Recorded.class);
  }

  /** Say a turn and follow it to its end; the last element is {@link Session.Finished}, or the stream fails with {@code AgentOsException}. */
  public Source<Session.Reply, NotUsed> say(
      SessionKey key, Context context, String turn, List<ContentPart> content) {
    return turn(key, replyTo -> new Session.Say(context, turn, content, replyTo));
  }

  /**
   * Complete a dialogue that the caller keeps, and follow the turn to its end as with {@link #say}.
   *
   * @param key derived from what is asked for, so that the same again meets the same session
   * @param repeatWindow how long after its end a turn is the answer to the same again
   */
  public Source<Session.Reply, NotUsed> complete(
      SessionKey key,
      Context context,
      AgentKey agent,
      String turn,
      List<Message> history,
      List<ContentPart> content,
      Duration repeatWindow) {
    return turn(
        key,
        replyTo -> new Session.Complete(
            context,
            agent.agent(),
            agent.subject(),
            turn,
            history,
            content,
            repeatWindow,
            replyTo));
  }

  /** Say the turn that another agent's call is, in a session that it opens, and follow it to its end as with {@link #say}. */
  Source<Session.Reply, NotUsed> delegate(
      SessionKey key,
      Context context,
      String agent,
      String subject,
      Origin origin,
      String turn,
      List<ContentPart> content) {
    return turn(
        key,
        replyTo -> new Session.Delegate(context, agent, subject, origin, turn, content, replyTo));
  }

  /** Tell a session that the turn of a call of its has ended; completes once it goes on without. */
  CompletionStage<Session.Heard> tellEnd(Origin origin) {
    return ask(
        SessionKey.parse(origin.session()),
        replyTo -> new Session.DelegateEnded(origin.turn(), origin.call(), replyTo),
        Session.Heard.class);
  }

  private Source<Session.Reply, NotUsed> turn(
      SessionKey key, Function<ActorRef<Session.Reply>, Session.Request> turn) {
    return ActorSource.<Session.Reply>actorRef(
            reply -> false,
            reply -> reply instanceof Session.Rejected rejected
                ? Optional.of(new AgentOsException(rejected.code(), rejected.message()))
                : Optional.empty(),
            BUFFER,
            OverflowStrategy.fail())
        .mapMaterializedValue(listener -> {
          spawn(TurnFollower.create(session(key), turn, listener), "turn");
          return NotUsed.getInstance();
        })
        .takeWhile(reply -> !(reply instanceof Session.Finished), true)
        .via(untilGivenUp.flow());
  }

  /** Follow no turn any longer: what is followed fails with {@code UNAVAILABLE}, and goes on where its session is. */
  public void giveUp() {
    untilGivenUp.abort(new AgentOsException(
        ErrorCode.UNAVAILABLE,
        "this node stops; the turn goes on, say it again with its id through another door"));
  }

  /** Follow a session and its agent's notices from a position on; never ends by itself. */
  public Source<SessionFollower.Happening, NotUsed> follow(
      SessionKey key, AgentKey agent, SessionPosition from) {
    return ActorSource.<SessionFollower.Happening>actorRef(
            happening -> false, happening -> Optional.empty(), BUFFER, OverflowStrategy.fail())
        .mapMaterializedValue(listener -> {
          spawn(
              SessionFollower.create(
                  session(key), sharding.entityRefFor(Agent.KEY, agent.entityId()), from, listener),
              "session");
          return NotUsed.getInstance();
        });
  }

  /** The id of the agent's latest notice; 0: none yet. */
  public CompletionStage<Long> latestNotice(AgentKey agent) {
    return AskPattern.<Agent.Command, Agent.Reply>ask(
            sharding.entityRefFor(Agent.KEY, agent.entityId()),
            Agent.FindLatestNotice::new,
            ASK,
            system.scheduler())
        .thenApply(reply -> ((Agent.LatestNotice) reply).id());
  }

  private void spawn(Behavior<Void> follower, String what) {
    system.systemActorOf(follower, what + "-follower-" + UUID.randomUUID(), Props.empty());
  }

  private EntityRef<Session.Command> session(SessionKey key) {
    return sharding.entityRefFor(Session.KEY, key.entityId());
  }

  private <R extends Session.Reply> CompletionStage<R> ask(
      SessionKey key,
      Function<ActorRef<Session.Reply>, Session.Command> message,
      Class<R> expected) {
    return attempt(key, message, ATTEMPTS).thenApply(reply -> {
      if (reply instanceof Session.Rejected rejected) {
        throw new AgentOsException(rejected.code(), rejected.message());
      }
      return expected.cast(reply);
    });
  }

  /** Every question here may be asked again; while the session moves it has to be. */
  private CompletionStage<Session.Reply> attempt(
      SessionKey key,
      Function<ActorRef<Session.Reply>, Session.Command> message,
      int attemptsLeft) {
    return AskPattern.<Session.Command, Session.Reply>ask(
            session(key), message::apply, ASK, system.scheduler())
        .exceptionallyCompose(failure -> failure instanceof TimeoutException && attemptsLeft > 1
            ? attempt(key, message, attemptsLeft - 1)
            : java.util.concurrent.CompletableFuture.failedFuture(failure));
  }
}
