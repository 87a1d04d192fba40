package io.llmagentos.node.job;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.llmagentos.node.journal.JournalEvent;
import io.llmagentos.node.journal.TimerChange;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** What a job's journal holds. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = JobEvent.JobSubmitted.class, name = "job_submitted"),
  @JsonSubTypes.Type(value = JobEvent.JobQueued.class, name = "job_queued"),
  @JsonSubTypes.Type(value = JobEvent.JobPlaced.class, name = "job_placed"),
  @JsonSubTypes.Type(value = JobEvent.JobStarted.class, name = "job_started"),
  @JsonSubTypes.Type(value = JobEvent.EpochLost.class, name = "epoch_lost"),
  @JsonSubTypes.Type(value = JobEvent.Progressed.class, name = "progressed"),
  @JsonSubTypes.Type(value = JobEvent.CheckpointCommitted.class, name = "checkpoint_committed"),
  @JsonSubTypes.Type(value = JobEvent.PauseRequested.class, name = "pause_requested"),
  @JsonSubTypes.Type(value = JobEvent.JobPaused.class, name = "job_paused"),
  @JsonSubTypes.Type(value = JobEvent.JobResumed.class, name = "job_resumed"),
  @JsonSubTypes.Type(value = JobEvent.JobEnded.class, name = "job_ended"),
  @JsonSubTypes.Type(value = JobEvent.JobDeleted.class, name = "job_deleted"),
  @JsonSubTypes.Type(value = JobEvent.ArtifactsReleased.class, name = "artifacts_released")
})
public sealed interface JobEvent extends JournalEvent {
  /** A job that is neither paused nor ended is woken when its entity was silent for this long, wherever it then lives. */
  Duration WAKE_AFTER = Duration.ofSeconds(5);

  String TIMER = "run";

  Instant at();

  /** While a job has something to do it is a durable timer, so that the death of every process does not end it. */
  @Override
  default List<TimerChange> timerChanges() {
    return List.of(new TimerChange.Set(TIMER, at().plus(WAKE_AFTER)));
  }

  record JobSubmitted(JobSpec spec, String principal, Instant at) implements JobEvent {}

  record JobQueued(String reason, Instant at) implements JobEvent {}

  /** Room is held: the epoch begins. */
  record JobPlaced(long epoch, Instant at) implements JobEvent {}

  /**
   * The epoch's driver runs.
   *
   * @param node that hosts the driver
   */
  record JobStarted(long epoch, String node, Instant at) implements JobEvent {}

  record EpochLost(long epoch, String reason, Instant at) implements JobEvent {}

  record Progressed(long epoch, List<ProgressLine> lines, Instant at) implements JobEvent {
    public Progressed {
      lines = List.copyOf(lines);
    }
  }

  /** @param dropped checkpoints that are kept no longer */
  record CheckpointCommitted(
      long epoch, Checkpoint checkpoint, List<Checkpoint> dropped, Instant at) implements JobEvent {
    public CheckpointCommitted {
      dropped = List.copyOf(dropped);
    }
  }

  record PauseRequested(Instant at) implements JobEvent {}

  record JobPaused(Instant at) implements JobEvent {
    @Override
    public List<TimerChange> timerChanges() {
      return List.of(new TimerChange.Cleared(TIMER));
    }
  }

  record JobResumed(Instant at) implements JobEvent {}

  /**
   * @param reason in words
   * @param summary a JSON object of the kind's choice
   */
  record JobEnded(JobStatus status, String reason, String summary, Instant at) implements JobEvent {
    @Override
    public List<TimerChange> timerChanges() {
      return List.of(new TimerChange.Cleared(TIMER));
    }
  }

  /** It exists no longer; what it holds is still to be released. */
  record JobDeleted(Instant at) implements JobEvent {}

  record ArtifactsReleased(Instant at) implements JobEvent {
    @Override
    public List<TimerChange> timerChanges() {
      return List.of(new TimerChange.Cleared(TIMER));
    }
  }
}
