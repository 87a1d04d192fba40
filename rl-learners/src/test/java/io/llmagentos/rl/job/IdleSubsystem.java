package io.llmagentos.rl.job;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.node.Node;
import io.llmagentos.node.Subsystem;
import io.llmagentos.node.job.DriverContext;
import io.llmagentos.node.job.JobKind;
import io.llmagentos.node.job.JobKinds;
import io.llmagentos.node.placement.Group;
import io.llmagentos.node.placement.MemberCommand;
import io.llmagentos.node.placement.MemberId;
import io.llmagentos.node.placement.Resources;
import java.util.List;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/** Brings a kind of job that trains nothing: {@code test/idle}. */
public final class IdleSubsystem implements Subsystem {
  @Override
  public String name() {
    return "idle";
  }

  @Override
  public void start(Node node) {
    node.service(JobKinds.class).add(new Idle());
  }

  private static final class Idle implements JobKind {
    @Override
    public String name() {
      return "test/idle";
    }

    @Override
    public List<Group> plan(JsonNode settings) {
      return List.of(new Group("driver", "learner", 1, 1, new Resources(1, 0, 0), true));
    }

    @Override
    public Behavior<MemberCommand> driver(DriverContext context) {
      return Behaviors.ignore();
    }

    @Override
    public Behavior<MemberCommand> worker(MemberId id, JsonNode settings) {
      return Behaviors.ignore();
    }

    @Override
    public Curve curve() {
      return new Curve("x", "y", "y");
    }
  }
}
