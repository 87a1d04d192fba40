package io.llmagentos.agent.serving;

import io.llmagentos.agent.schedule.Occurrence;
import io.llmagentos.agent.schedule.Schedule;
import io.llmagentos.agent.schedule.Schedules;
import io.llmagentos.node.error.AgentOsException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;

/** The agents of the cluster and what wakes them, as anybody outside them reaches them. Thread-safe. */
public final class Agents {
  private static final Duration ASK = Duration.ofSeconds(3);
  private static final int ATTEMPTS = 10;

  private final ActorSystem<?> system;
  private final ClusterSharding sharding;

  public Agents(ActorSystem<?> system) {
    this.system = system;
    this.sharding = ClusterSharding.get(system);
  }

  public CompletionStage<List<Schedules.Planned>> schedules(AgentKey agent) {
    return scheduled(agent, Agent.ListSchedules::new);
  }

  /** Set a schedule, or put it in the place of the one with its id; completes with all of them, once it is in the journal. */
  public CompletionStage<List<Schedules.Planned>> schedule(AgentKey agent, Schedule schedule) {
    return scheduled(agent, replyTo -> new Agent.SetSchedule(schedule, replyTo));
  }

  /** Fails with {@code NOT_FOUND} when there is none, with {@code CONFLICT} when the agent's definition declares it. */
  public CompletionStage<List<Schedules.Planned>> unschedule(AgentKey agent, String id) {
    return scheduled(agent, replyTo -> new Agent.RemoveSchedule(id, replyTo));
  }

  /**
   * Let an agent hear of an event; completes once it is in the journal, from where it becomes a turn. Under a key that it knows nothing happens again.
   *
   * @param principal as whom it is said
   */
  public CompletionStage<Occurrence> raise(
      AgentKey agent, String key, String principal, String session, String text) {
    return ask(agent, replyTo -> new Agent.Raise(key, principal, session, text, replyTo), ATTEMPTS)
        .thenApply(reply -> ((Agent.Raised) reply).wake());
  }

  /** Let an agent take over what its definition declares, as soon as it can be reached. */
  public void followDefinition(AgentKey agent) {
    var unused = ask(agent, Agent.FollowDefinition::new, Integer.MAX_VALUE);
  }

  private CompletionStage<List<Schedules.Planned>> scheduled(
      AgentKey agent, Function<ActorRef<Agent.Reply>, Agent.Command> message) {
    return ask(agent, message, ATTEMPTS).thenApply(reply -> ((Agent.Scheduled) reply).planned());
  }

  /** Every question here may be asked again; while the agent moves it has to be. */
  private CompletionStage<Agent.Reply> ask(
      AgentKey agent, Function<ActorRef<Agent.Reply>, Agent.Command> message, int attempts) {
    return AskPattern.<Agent.Command, Agent.Reply>ask(
            sharding.entityRefFor(Agent.KEY, agent.entityId()),
            message::apply,
            ASK,
            system.scheduler())
        .exceptionallyCompose(failure -> failure instanceof TimeoutException
                && attempts > 1
                && !system.whenTerminated().isCompleted()
            ? ask(agent, message, attempts - 1)
            : CompletableFuture.failedFuture(failure))
        .thenApply(reply -> {
          if (reply instanceof Agent.Refused refused) {
            throw new AgentOsException(refused.code(), refused.message());
          }
          return reply;
        });
  }
}
