package io.llmagentos.node.job;

import java.util.Locale;

/** Where a job is in its life. */
public enum JobStatus {
  /** Waits for room; its reason says what for. */
  QUEUED,
  /** Room was found, its driver starts. */
  PLACED,
  RUNNING,
  /** Runs until its driver has saved a checkpoint. */
  PAUSING,
  PAUSED,
  COMPLETED,
  FAILED,
  CANCELLED,
  /** Nobody sees it any more. */
  DELETED;

  public boolean isEnd() {
    return this == COMPLETED || this == FAILED || this == CANCELLED || this == DELETED;
  }

  /** As users see it. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }
}
