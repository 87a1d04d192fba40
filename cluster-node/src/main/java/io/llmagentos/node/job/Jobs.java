package io.llmagentos.node.job;

import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.pattern.Patterns;
import org.apache.pekko.stream.javadsl.Source;
import org.jspecify.annotations.Nullable;

/**
 * The jobs of the cluster, as anybody outside them reaches them: {@code Jobs.of(node)}. Thread-safe. Failures are {@link AgentOsException}s. Every
 * request may be repeated, and is while the job moves.
 */
public final class Jobs {
  private static final Duration ASK = Duration.ofSeconds(2);
  private static final int ATTEMPTS = 15;
  private static final Duration POLL = Duration.ofMillis(100);

  private final ActorSystem<?> system;
  private final JobKinds kinds;
  private final Executor blocking;
  private final ClusterSharding sharding;

  Jobs(ActorSystem<?> system, JobKinds kinds, Executor blocking) {
    this.system = system;
    this.kinds = kinds;
    this.blocking = blocking;
    this.sharding = ClusterSharding.get(system);
  }

  /** Submit a job under an id of the caller's choice, once its kind has found nothing wrong with it; the same again finds it submitted. */
  public CompletionStage<Job.Description> submit(JobKey key, Context context, JobSpec spec) {
    return CompletableFuture.runAsync(() -> kinds.check(spec), blocking)
        .exceptionallyCompose(refused -> isThere(key, refused))
        .thenCompose(checked -> ask(
            key,
            replyTo -> new Job.Submit(context, spec, replyTo),
            Job.Description.class,
            ATTEMPTS));
  }

  /** What was accepted once may be said again, whatever became of its files. */
  private CompletionStage<Void> isThere(JobKey key, Throwable refused) {
    return describe(key, Long.MAX_VALUE).handle((known, unknown) -> {
      if (known == null) {
        throw refused instanceof CompletionException e ? e : new CompletionException(refused);
      }
      return null;
    });
  }

  /** @param afterIteration progress up to here is known */
  public CompletionStage<Job.Description> describe(JobKey key, long afterIteration) {
    return ask(
        key, replyTo -> new Job.Describe(afterIteration, replyTo), Job.Description.class, ATTEMPTS);
  }

  /** Save a checkpoint and give the nodes back. */
  public CompletionStage<Job.Description> pause(JobKey key) {
    return ask(key, Job.Pause::new, Job.Description.class, ATTEMPTS);
  }

  public CompletionStage<Job.Description> resume(JobKey key) {
    return ask(key, Job.Resume::new, Job.Description.class, ATTEMPTS);
  }

  public CompletionStage<Job.Description> cancel(JobKey key) {
    return ask(key, Job.Cancel::new, Job.Description.class, ATTEMPTS);
  }

  /** Forget a job that has ended and give up what it holds; again, it is still forgotten. Its id may be taken again. */
  public CompletionStage<Job.Recorded> delete(JobKey key) {
    return ask(key, Job.Delete::new, Job.Recorded.class, ATTEMPTS);
  }

  /**
   * What a job goes through from an iteration on: a description whenever it has new progress or another status, the last one with its end. It polls,
   * and so follows the job wherever it moves.
   */
  public Source<Job.Description, NotUsed> follow(JobKey key, long afterIteration) {
    return Source.unfoldAsync(
        new Follower(afterIteration, null), seen -> next(key, seen).toCompletableFuture());
  }

  private record Follower(long iteration, Job.@Nullable Description last) {}

  private CompletionStage<Optional<Pair<Follower, Job.Description>>> next(
      JobKey key, Follower seen) {
    Job.Description last = seen.last();
    if (last != null && last.status().isEnd() && last.lines().isEmpty()) {
      return CompletableFuture.completedFuture(Optional.empty());
    }
    return describe(key, seen.iteration()).thenCompose(now -> {
      boolean news = last == null
          || !now.lines().isEmpty()
          || now.status() != last.status()
          || !now.reason().equals(last.reason())
          || now.status().isEnd();
      if (news) {
        long reached =
            now.lines().isEmpty() ? seen.iteration() : now.lines().getLast().iteration();
        return CompletableFuture.completedFuture(
            Optional.of(Pair.create(new Follower(reached, now), now)));
      }
      return Patterns.after(
          POLL,
          system.classicSystem(),
          () -> next(key, new Follower(seen.iteration(), now)).toCompletableFuture());
    });
  }

  /** What drivers say: until the journal has it, or the epoch is over. */
  CompletionStage<Job.Recorded> recorded(
      JobKey key, Function<ActorRef<Job.Reply>, Job.Command> message) {
    return ask(key, message, Job.Recorded.class, Integer.MAX_VALUE);
  }

  private <R extends Job.Reply> CompletionStage<R> ask(
      JobKey key,
      Function<ActorRef<Job.Reply>, Job.Command> message,
      Class<R> expected,
      int attempts) {
    return attempt(key, message, attempts).thenApply(reply -> {
      if (reply instanceof Job.Rejected rejected) {
        throw new AgentOsException(rejected.code(), rejected.message());
      }
      return expected.cast(reply);
    });
  }

  private CompletionStage<Job.Reply> attempt(
      JobKey key, Function<ActorRef<Job.Reply>, Job.Command> message, int attemptsLeft) {
    return AskPattern.<Job.Command, Job.Reply>ask(
            sharding.entityRefFor(Job.KEY, key.entityId()), message::apply, ASK, system.scheduler())
        .exceptionallyCompose(failure -> {
          Throwable cause = failure instanceof CompletionException && failure.getCause() != null
              ? failure.getCause()
              : failure;
          if (cause instanceof TimeoutException && attemptsLeft > 1) {
            // While the node stops, an ask fails at once.
            return Patterns.after(
                POLL,
                system.classicSystem(),
                () -> attempt(key, message, attemptsLeft - 1).toCompletableFuture());
          }
          return CompletableFuture.failedFuture(
              cause instanceof TimeoutException
                  ? new AgentOsException(
                      ErrorCode.UNAVAILABLE,
                      "job " + key.id() + " does not answer; try again",
                      null,
                      cause)
                  : cause);
        });
  }
}
