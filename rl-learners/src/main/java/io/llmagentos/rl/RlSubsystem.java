package io.llmagentos.rl;

import io.llmagentos.node.Node;
import io.llmagentos.node.Subsystem;
import io.llmagentos.node.wire.WireRegistry;
import io.llmagentos.rl.job.RlJobs;
import java.util.List;
import org.apache.pekko.http.javadsl.server.Route;

/** Reinforcement learning in the node: its kinds of job and the door of trained policies. */
public final class RlSubsystem implements Subsystem {
  private static final int FIRST_WIRE_ID = 3000;

  @Override
  public String name() {
    return "rl";
  }

  /** 2: fragments hold the states of policies that remember. */
  @Override
  public int wireVersion() {
    return 2;
  }

  @Override
  public void registerWireTypes(WireRegistry registry) {
    for (int i = 0; i < RlJobs.WIRE_TYPES.size(); i++) {
      registry.add(FIRST_WIRE_ID + i, RlJobs.WIRE_TYPES.get(i));
    }
  }

  @Override
  public void start(Node node) {
    RlJobs.start(node);
  }

  @Override
  public List<Route> routes(Node node) {
    return List.of(RlJobs.routes(node));
  }
}
