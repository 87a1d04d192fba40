package io.llmagentos.node.job;

import io.llmagentos.node.placement.MemberCommand;

/** What a job tells its driver. */
public sealed interface DriverCommand extends MemberCommand {
  /** Commit a checkpoint, then say {@link DriverContext#paused}. */
  record Pause() implements DriverCommand {}
}
