package io.llmagentos.deploy;

import io.llmagentos.node.Subsystem;

/** A user's subsystem that makes a node's wire version another one. */
public final class NewerSubsystem implements Subsystem {
  @Override
  public String name() {
    return "newer";
  }

  @Override
  public int wireVersion() {
    return 7;
  }
}
