package io.llmagentos.node.job;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.node.placement.Group;
import io.llmagentos.node.placement.MemberCommand;
import io.llmagentos.node.placement.MemberId;
import java.util.List;
import org.apache.pekko.actor.typed.Behavior;

/** A kind of job that a subsystem brings. Stateless. */
public interface JobKind {
  /** As in {@code type: rl/ppo}. */
  String name();

  /**
   * Check the settings and say what a run needs: first the driver, one member, then its workers.
   *
   * @throws io.llmagentos.node.error.AgentOsException for settings that are wrong, naming key, value and limit
   */
  List<Group> plan(JsonNode settings);

  /**
   * Check at submission what {@link #plan}, which is asked again and again, does not: what takes longer. May block.
   *
   * @throws io.llmagentos.node.error.AgentOsException for settings that are wrong, naming key, value and limit
   */
  default void check(JsonNode settings) {}

  /**
   * The member that leads a run. It hears {@link io.llmagentos.node.placement.Members} and {@link DriverCommand}, computes outside its actor, reports,
   * commits and ends through its context, and goes on from the context's checkpoint. It is stopped when its epoch is over.
   */
  Behavior<MemberCommand> driver(DriverContext context);

  /** A member of another group. */
  Behavior<MemberCommand> worker(MemberId id, JsonNode settings);

  /** The metrics to plot a run by: the one that grows along it, and the one to look at. */
  Curve curve();

  /**
   * @param x a metric that grows, such as environment steps
   * @param y the metric of interest
   * @param label what people call that, such as return
   */
  record Curve(String x, String y, String label) {}
}
