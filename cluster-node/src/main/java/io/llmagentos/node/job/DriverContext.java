package io.llmagentos.node.job;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.node.artifact.ArtifactId;
import io.llmagentos.node.artifact.ArtifactStore;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;

/**
 * What a driver has of its job. Thread-safe. Everything said here is repeated until the job's journal has it; it fails with {@code FENCED} when the
 * driver's epoch is over, and the driver then has nothing more to do.
 */
public final class DriverContext {
  private final JobKey key;
  private final long epoch;
  private final JobSpec spec;
  private final Optional<Checkpoint> resumeFrom;
  private final Jobs jobs;
  private final ArtifactStore artifacts;
  private final Executor blocking;

  DriverContext(
      JobKey key,
      long epoch,
      JobSpec spec,
      Optional<Checkpoint> resumeFrom,
      Jobs jobs,
      ArtifactStore artifacts,
      Executor blocking) {
    this.key = key;
    this.epoch = epoch;
    this.spec = spec;
    this.resumeFrom = resumeFrom;
    this.jobs = jobs;
    this.artifacts = artifacts;
    this.blocking = blocking;
  }

  public JobKey key() {
    return key;
  }

  public long epoch() {
    return epoch;
  }

  public JsonNode settings() {
    return spec.tree();
  }

  /** The checkpoint to go on from; empty at the beginning. */
  public Optional<Checkpoint> resumeFrom() {
    return resumeFrom;
  }

  /** Read a checkpoint; blocks. */
  public byte[] read(Checkpoint checkpoint) {
    return artifacts.read(new ArtifactId(checkpoint.artifact()));
  }

  /** Journal what iterations gave. */
  public CompletionStage<Job.Recorded> report(List<ProgressLine> lines) {
    return jobs.recorded(key, replyTo -> new Job.Report(epoch, lines, replyTo));
  }

  /**
   * Store a checkpoint and have it journalled; it exists, and is kept by its job, once the returned stage completes. One that is stored and never journalled is
   * swept.
   *
   * @param iteration after which it was taken
   * @param keep how many checkpoints to keep, this one among them
   */
  public CompletionStage<Checkpoint> commit(byte[] bytes, long iteration, int keep) {
    return CompletableFuture.supplyAsync(() -> artifacts.put(bytes), blocking)
        .thenCompose(artifact -> commit(artifact, iteration, keep, OptionalLong.empty()));
  }

  /**
   * Have a checkpoint journalled that is stored; it exists, and is kept by its job, once the returned stage completes.
   *
   * @param iteration after which it was taken
   * @param keep how many checkpoints to keep, this one among them
   * @param best iteration of a checkpoint that is kept in any case
   */
  public CompletionStage<Checkpoint> commit(
      ArtifactId artifact, long iteration, int keep, OptionalLong best) {
    Checkpoint checkpoint = new Checkpoint(artifact.sha256(), iteration);
    return jobs.recorded(
            key, replyTo -> new Job.Commit(epoch, checkpoint, keep, best.orElse(-1), replyTo))
        .thenApply(recorded -> checkpoint);
  }

  /** Under which name the job leases artifacts; its leases end with it. */
  public String holder() {
    return key.holder();
  }

  /** The job as its journal knows it, its checkpoints among the rest. */
  public CompletionStage<Job.Description> describe() {
    return jobs.describe(key, Long.MAX_VALUE);
  }

  /** The driver has committed what it was asked to pause for. */
  public CompletionStage<Job.Recorded> paused() {
    return jobs.recorded(key, replyTo -> new Job.Paused(epoch, replyTo));
  }

  /** @param summary a JSON object */
  public CompletionStage<Job.Recorded> complete(String reason, String summary) {
    return end(JobStatus.COMPLETED, reason, summary);
  }

  /** End the job for good: trying again would not help. */
  public CompletionStage<Job.Recorded> fail(String reason) {
    return end(JobStatus.FAILED, reason, "{}");
  }

  private CompletionStage<Job.Recorded> end(JobStatus status, String reason, String summary) {
    return jobs.recorded(key, replyTo -> new Job.End(epoch, status, reason, summary, replyTo));
  }

  /** Whether a failure of what was said here means that the epoch is over. */
  public static boolean isFenced(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null && !(cause instanceof AgentOsException)) {
      cause = cause.getCause();
    }
    return cause instanceof AgentOsException typed && typed.code() == ErrorCode.FENCED;
  }
}
