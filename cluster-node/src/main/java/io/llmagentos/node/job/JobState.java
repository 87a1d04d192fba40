package io.llmagentos.node.job;

import io.llmagentos.node.journal.JournalSnapshot;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A job as its journal tells it; immutable.
 *
 * @param epoch of the placement that counts; what comes from another is fenced. It goes on where the id of a deleted job is taken again
 * @param placed whether members of the epoch were started and not lost since
 * @param failures epochs lost since the last checkpoint
 * @param checkpoints that are kept, the latest last
 * @param lines the latest of the progress, at most {@link #LINES}
 */
public record JobState(
    @Nullable JobSpec spec,
    String principal,
    JobStatus status,
    String reason,
    long epoch,
    boolean placed,
    String node,
    int failures,
    List<Checkpoint> checkpoints,
    List<ProgressLine> lines,
    String summary,
    @Nullable Instant submittedAt,
    @Nullable Instant startedAt,
    @Nullable Instant endedAt)
    implements JournalSnapshot {
  static final int LINES = 2000;

  static final JobState NONE = new JobState(
      null,
      "",
      JobStatus.QUEUED,
      "",
      0,
      false,
      "",
      0,
      List.of(),
      List.of(),
      "{}",
      null,
      null,
      null);

  public JobState {
    checkpoints = List.copyOf(checkpoints);
    lines = List.copyOf(lines);
  }

  boolean exists() {
    return spec != null;
  }

  JobSpec requireSpec() {
    if (spec == null) {
      throw new IllegalStateException("no such job");
    }
    return spec;
  }

  Optional<Checkpoint> latest() {
    return checkpoints.isEmpty() ? Optional.empty() : Optional.of(checkpoints.getLast());
  }

  /** Whether something is to be placed or runs. */
  boolean wants() {
    return exists() && !status.isEnd() && status != JobStatus.PAUSED;
  }

  JobState apply(JobEvent event) {
    return switch (event) {
      case JobEvent.JobSubmitted e ->
        new JobState(
            e.spec(),
            e.principal(),
            JobStatus.QUEUED,
            "",
            epoch,
            false,
            "",
            0,
            List.of(),
            List.of(),
            "{}",
            e.at(),
            null,
            null);
      case JobEvent.JobQueued e -> with(JobStatus.QUEUED, e.reason(), epoch, false, "", failures);
      case JobEvent.JobPlaced e -> with(JobStatus.PLACED, "", e.epoch(), true, "", failures);
      case JobEvent.JobStarted e -> {
        JobState running = with(
            status == JobStatus.PAUSING ? status : JobStatus.RUNNING,
            "",
            epoch,
            true,
            e.node(),
            failures);
        yield startedAt == null ? running.started(e.at()) : running;
      }
      case JobEvent.EpochLost e ->
        with(JobStatus.QUEUED, e.reason(), epoch, false, "", failures + 1);
      case JobEvent.Progressed e -> withLines(merged(e.lines()));
      case JobEvent.CheckpointCommitted e -> committed(e);
      case JobEvent.PauseRequested e ->
        with(JobStatus.PAUSING, reason, epoch, placed, node, failures);
      case JobEvent.JobPaused e -> with(JobStatus.PAUSED, "", epoch, false, "", 0);
      case JobEvent.JobResumed e -> with(JobStatus.QUEUED, "", epoch, false, "", 0);
      case JobEvent.JobEnded e ->
        new JobState(
            spec,
            principal,
            e.status(),
            e.reason(),
            epoch,
            false,
            "",
            failures,
            checkpoints,
            lines,
            e.summary(),
            submittedAt,
            startedAt,
            e.at());
      case JobEvent.JobDeleted e -> tombstone(null);
      case JobEvent.ArtifactsReleased e -> tombstone(e.at());
    };
  }

  private JobState tombstone(@Nullable Instant released) {
    return new JobState(
        null,
        "",
        JobStatus.DELETED,
        "",
        epoch,
        false,
        "",
        0,
        List.of(),
        List.of(),
        "{}",
        null,
        null,
        released);
  }

  /** Whether it was deleted and may still hold artifacts. */
  boolean releases() {
    return status == JobStatus.DELETED && endedAt == null;
  }

  private List<ProgressLine> merged(List<ProgressLine> added) {
    if (added.isEmpty()) {
      return lines;
    }
    long from = added.getFirst().iteration();
    List<ProgressLine> all =
        new ArrayList<>(lines.stream().filter(line -> line.iteration() < from).toList());
    all.addAll(added);
    return all.size() <= LINES ? all : all.subList(all.size() - LINES, all.size());
  }

  private JobState committed(JobEvent.CheckpointCommitted e) {
    List<Checkpoint> kept = new ArrayList<>(checkpoints);
    kept.removeAll(e.dropped());
    kept.add(e.checkpoint());
    return copy(status, reason, epoch, placed, node, 0, kept, lines, startedAt);
  }

  private JobState with(
      JobStatus status, String reason, long epoch, boolean placed, String node, int failures) {
    return copy(status, reason, epoch, placed, node, failures, checkpoints, lines, startedAt);
  }

  private JobState withLines(List<ProgressLine> lines) {
    return copy(status, reason, epoch, placed, node, failures, checkpoints, lines, startedAt);
  }

  private JobState started(Instant at) {
    return copy(status, reason, epoch, placed, node, failures, checkpoints, lines, at);
  }

  /** What was submitted and how it ended stay; the rest is given. */
  private JobState copy(
      JobStatus status,
      String reason,
      long epoch,
      boolean placed,
      String node,
      int failures,
      List<Checkpoint> checkpoints,
      List<ProgressLine> lines,
      @Nullable Instant startedAt) {
    return new JobState(
        spec,
        principal,
        status,
        reason,
        epoch,
        placed,
        node,
        failures,
        checkpoints,
        lines,
        summary,
        submittedAt,
        startedAt,
        endedAt);
  }
}
