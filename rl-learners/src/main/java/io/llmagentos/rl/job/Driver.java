package io.llmagentos.rl.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmagentos.node.bulk.Bulk;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.job.DriverCommand;
import io.llmagentos.node.job.DriverContext;
import io.llmagentos.node.job.ProgressLine;
import io.llmagentos.node.placement.MemberCommand;
import io.llmagentos.node.placement.Members;
import io.llmagentos.rl.algorithm.Algorithm;
import io.llmagentos.rl.algorithm.Experiment;
import io.llmagentos.rl.env.registration.EnvRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;

/**
 * Drives one training: a thread of its own iterates, reports and commits; the actor hears of members, answers and orders. A run goes on from the checkpoint
 * that its job knows, so that it ends as it would have without a loss.
 */
final class Driver {
  static final String RUNNERS = "runner";
  static final String LEARNERS = "learner";

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Progress is journalled at most this often. */
  private static final Duration REPORT = Duration.ofMillis(200);

  /** Trying again would not help. */
  private static final Set<ErrorCode> FINAL = Set.of(
      ErrorCode.SETTINGS_INVALID,
      ErrorCode.SETTINGS_UNKNOWN_KEY,
      ErrorCode.INVALID_REQUEST,
      ErrorCode.ENVIRONMENT_NOT_FOUND,
      ErrorCode.ENVIRONMENT_FAILED,
      ErrorCode.TRAINING_DIVERGED,
      ErrorCode.CHECKPOINT_INVALID);

  private record Ended(@Nullable Throwable failure) implements MemberCommand {}

  private final ActorContext<MemberCommand> context;
  private final DriverContext job;
  private final Experiment experiment;
  private final EnvRegistry environments;
  private final LongSupplier nanoTime;
  private final @Nullable RemoteSampling sampling;
  private final @Nullable RemoteLearning learning;
  private volatile boolean pausing;
  private volatile boolean stopped;

  private Driver(
      ActorContext<MemberCommand> context,
      DriverContext job,
      Experiment experiment,
      EnvRegistry environments,
      Bulk bulk,
      LongSupplier nanoTime) {
    this.context = context;
    this.job = job;
    this.experiment = experiment;
    this.environments = environments;
    this.nanoTime = nanoTime;
    this.sampling = RlJob.hasRunners(experiment.config())
        ? new RemoteSampling(experiment.config(), bulk, context.getSelf(), RemoteSampling.ASK_AGAIN)
        : null;
    this.learning = RlJob.hasLearners(experiment.config())
        ? new RemoteLearning(experiment.config(), environments, bulk, context.getSelf())
        : null;
  }

  /** @param compute where it iterates; blocks there while it waits for runners */
  static Behavior<MemberCommand> create(
      DriverContext job,
      Experiment experiment,
      EnvRegistry environments,
      Bulk bulk,
      LongSupplier nanoTime,
      Executor compute) {
    return Behaviors.setup(context -> {
      Driver driver;
      try {
        driver = new Driver(context, job, experiment, environments, bulk, nanoTime);
      } catch (AgentOsException e) {
        if (!FINAL.contains(e.code())) {
          throw e;
        }
        var unused = fail(job, e);
        return Behaviors.ignore(); // until the job stops it
      }
      context.pipeToSelf(
          CompletableFuture.supplyAsync(driver::run, compute),
          (done, failure) -> new Ended(failure));
      return driver.driving();
    });
  }

  private Behavior<MemberCommand> driving() {
    return Behaviors.receive(MemberCommand.class)
        .onMessage(Members.class, this::onMembers)
        .onMessage(EnvRunner.Sampled.class, sampled -> told(sampling, s -> s.sampled(sampled)))
        .onMessage(EnvRunner.SamplingFailed.class, f -> told(sampling, s -> s.failed(f)))
        .onMessage(LearnerRank.Exchange.class, found -> told(learning, l -> l.found(found)))
        .onMessage(LearnerRank.Learnt.class, learnt -> told(learning, l -> l.learnt(learnt)))
        .onMessage(LearnerRank.LearningFailed.class, f -> told(learning, l -> l.failed(f)))
        .onMessage(DriverCommand.Pause.class, pause -> {
          pausing = true;
          return Behaviors.same();
        })
        .onMessage(Ended.class, this::onEnded)
        .onSignal(PostStop.class, stop -> {
          stopped = true;
          close();
          return Behaviors.same();
        })
        .build();
  }

  private static <T> Behavior<MemberCommand> told(
      @Nullable T whom, java.util.function.Consumer<T> what) {
    if (whom != null) {
      what.accept(whom);
    }
    return Behaviors.same();
  }

  private Behavior<MemberCommand> onMembers(Members members) {
    if (sampling != null) {
      sampling.members(members.of(RUNNERS));
    }
    if (learning != null) {
      learning.members(members.of(LEARNERS));
    }
    return Behaviors.same();
  }

  /** What failed for a reason that may pass ends this actor, and with it the epoch; the job places the next one. */
  private Behavior<MemberCommand> onEnded(Ended ended) {
    Throwable failure = cause(ended.failure());
    if (failure == null || stopped || DriverContext.isFenced(failure)) {
      return Behaviors.same(); // the job stops this member
    }
    if (failure instanceof AgentOsException typed && FINAL.contains(typed.code())) {
      context.pipeToSelf(fail(job, typed), (done, lost) -> new Ended(null));
      return Behaviors.same();
    }
    throw failure instanceof RuntimeException e ? e : new IllegalStateException(failure);
  }

  private static CompletionStage<?> fail(DriverContext job, AgentOsException failure) {
    return job.fail(failure.code().id() + ": " + failure.getMessage());
  }

  private static @Nullable Throwable cause(@Nullable Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }

  private void close() {
    if (sampling != null) {
      sampling.close();
    }
    if (learning != null) {
      learning.close();
    }
  }

  // ---- the iterating thread

  private Done run() {
    try (Algorithm algorithm = algorithm()) {
      job.resumeFrom().ifPresent(checkpoint -> algorithm.restore(job.read(checkpoint)));
      iterate(algorithm);
    }
    return Done.done();
  }

  private Algorithm algorithm() {
    return experiment
        .config()
        .build(
            environments,
            nanoTime,
            java.util.Optional.ofNullable(sampling),
            java.util.Optional.ofNullable(learning));
  }

  private void iterate(Algorithm algorithm) {
    List<ProgressLine> unreported = new ArrayList<>();
    CompletionStage<?> said = CompletableFuture.completedFuture(null);
    long saidAt = nanoTime.getAsLong();
    int frequency = experiment.checkpointConfig().checkpointFrequency();
    while (!stopped) {
      Map<String, Number> result = algorithm.train();
      long iteration = result.getOrDefault("training_iteration", 0).longValue();
      boolean done = experiment.stop().reached(result);
      unreported.add(new ProgressLine(iteration, json(result, done)));
      boolean commit = done || pausing || (frequency > 0 && iteration % frequency == 0);
      if (commit || nanoTime.getAsLong() - saidAt > REPORT.toNanos()) {
        said.toCompletableFuture().join();
        said = job.report(unreported);
        saidAt = nanoTime.getAsLong();
        unreported = new ArrayList<>();
      }
      if (commit) {
        said.toCompletableFuture().join();
        job.commit(algorithm.state(), iteration, experiment.checkpointConfig().numToKeep())
            .toCompletableFuture()
            .join();
      }
      if (done) {
        job.complete("reached its stop criteria", json(result, true))
            .toCompletableFuture()
            .join();
        return;
      } else if (commit && pausing) {
        job.paused().toCompletableFuture().join();
        return;
      }
    }
  }

  private String json(Map<String, Number> result, boolean done) {
    Map<String, Object> line = new LinkedHashMap<>(result);
    line.put("progress", done ? 1 : experiment.stop().progress(result));
    try {
      return JSON.writeValueAsString(line);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
