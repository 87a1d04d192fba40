package io.llmagentos.node.job;

import io.llmagentos.node.Node;
import io.llmagentos.node.Subsystem;

/** Brings the kind of job that counts. */
public final class CountingSubsystem implements Subsystem {
  @Override
  public String name() {
    return "test";
  }

  @Override
  public void start(Node node) {
    node.service(JobKinds.class).add(new CountingKind());
  }
}
