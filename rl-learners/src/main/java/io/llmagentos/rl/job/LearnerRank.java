package io.llmagentos.rl.job;

import io.llmagentos.node.bulk.Bulk;
import io.llmagentos.node.bulk.Payload;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.placement.MemberCommand;
import io.llmagentos.node.rank.GradientExchange;
import io.llmagentos.rl.algorithm.AlgorithmConfig;
import io.llmagentos.rl.algorithm.Learner;
import io.llmagentos.rl.env.Snapshot;
import io.llmagentos.rl.env.registration.EnvRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;

/** One rank of the learning: gets its share of the experience, averages its gradients with the other ranks, and answers with metrics and state. */
final class LearnerRank {
  /** Say where this rank averages. */
  record FindExchange(ActorRef<MemberCommand> driver) implements MemberCommand {}

  record Exchange(int rank, ActorRef<GradientExchange.Command> exchange) implements MemberCommand {}

  /**
   * One training step.
   *
   * @param state to stand at before; null: as it is
   */
  record Learn(
      long round,
      List<ActorRef<GradientExchange.Command>> exchanges,
      @Nullable Payload state,
      Payload fragments,
      long steps,
      ActorRef<MemberCommand> driver)
      implements MemberCommand {
    Learn {
      exchanges = List.copyOf(exchanges);
    }
  }

  /** @param state of the rank after the step */
  record Learnt(
      long round, int rank, Payload parameters, Payload state, Map<String, Double> metrics)
      implements MemberCommand {
    Learnt {
      metrics = Map.copyOf(metrics);
    }
  }

  /** @param round 0: before the first one */
  record LearningFailed(long round, int rank, ErrorCode code, String message)
      implements MemberCommand {}

  private static final Duration FETCH = Duration.ofSeconds(60);
  private static final Duration AVERAGE = Duration.ofSeconds(60);

  /** The exchange has stopped with this rank. */
  private static final Duration UNANSWERED = AVERAGE.plusSeconds(30);

  private final int rank;
  private final Learner learner;
  private final Bulk bulk;
  private final Executor compute;
  private final ActorRef<GradientExchange.Command> exchange;
  private long averaged;

  private LearnerRank(
      ActorContext<MemberCommand> context,
      AlgorithmConfig<?> config,
      EnvRegistry environments,
      Bulk bulk,
      int rank,
      Executor compute) {
    this.rank = rank;
    this.learner = config.newLearner(environments, rank);
    this.bulk = bulk;
    this.compute = compute;
    this.exchange = context.spawn(
        GradientExchange.create(bulk, rank, config.ranks(), AVERAGE),
        "exchange",
        DispatcherSelector.sameAsParent());
  }

  /** @param compute where it learns; blocks there while it waits for other ranks */
  static Behavior<MemberCommand> create(
      AlgorithmConfig<?> config, EnvRegistry environments, Bulk bulk, int rank, Executor compute) {
    return Behaviors.setup(context -> {
      try {
        return new LearnerRank(context, config, environments, bulk, rank, compute).learning();
      } catch (AgentOsException e) {
        return unable(rank, e);
      }
    });
  }

  /** Without a learner: the driver hears why, before its first round. */
  private static Behavior<MemberCommand> unable(int rank, AgentOsException why) {
    return Behaviors.receive(MemberCommand.class)
        .onMessage(FindExchange.class, find -> {
          find.driver()
              .tell(new LearningFailed(0, rank, why.code(), String.valueOf(why.getMessage())));
          return Behaviors.same();
        })
        .build();
  }

  private Behavior<MemberCommand> learning() {
    return Behaviors.receive(MemberCommand.class)
        .onMessage(FindExchange.class, find -> {
          find.driver().tell(new Exchange(rank, exchange));
          return Behaviors.same();
        })
        .onMessage(Learn.class, this::onLearn)
        .build();
  }

  private Behavior<MemberCommand> onLearn(Learn learn) {
    exchange.tell(new GradientExchange.Ranks(learn.exchanges()));
    var unused = CompletableFuture.supplyAsync(() -> step(learn), compute)
        .exceptionally(failure -> {
          Throwable cause = failure instanceof CompletionException && failure.getCause() != null
              ? failure.getCause()
              : failure;
          ErrorCode code =
              cause instanceof AgentOsException typed ? typed.code() : ErrorCode.INTERNAL;
          return new LearningFailed(learn.round(), rank, code, String.valueOf(cause.getMessage()));
        })
        .thenAccept(learn.driver()::tell);
    return Behaviors.same();
  }

  private MemberCommand step(Learn learn) {
    Payload state = learn.state();
    if (state != null) {
      byte[] bytes = bulk.fetch(state, FETCH).toCompletableFuture().join();
      Snapshot.read(bytes, learner::read);
      averaged = learn.round() << Integer.SIZE;
    }
    byte[] fragments =
        bulk.fetch(learn.fragments(), FETCH).toCompletableFuture().join();
    learner.begin(FragmentBytes.read(fragments), learn.steps());
    float[] gradient = new float[learner.gradientWidth()];
    averaged = Math.max(averaged, learn.round() << Integer.SIZE);
    while (learner.gradient(gradient)) {
      CompletableFuture<float[]> average = new CompletableFuture<>();
      exchange.tell(new GradientExchange.Average(++averaged, gradient, 1, average));
      learner.apply(average.orTimeout(UNANSWERED.toSeconds(), TimeUnit.SECONDS).join());
    }
    Map<String, Double> metrics = learner.end();
    return new Learnt(
        learn.round(),
        rank,
        bulk.offer(rank == 0 ? FragmentBytes.ofFloats(learner.parameters()) : new byte[0], 1),
        bulk.offer(Snapshot.of(learner::write), 1),
        metrics);
  }
}
