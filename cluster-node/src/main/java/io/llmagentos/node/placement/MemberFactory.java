package io.llmagentos.node.placement;

import org.apache.pekko.actor.typed.Behavior;

/** Makes members of one kind. */
@FunctionalInterface
public interface MemberFactory {
  /**
   * A member; it ends by stopping itself. An exception that it throws ends it too, and is the reason that its owner hears.
   *
   * @param payload what its owner started the epoch with
   */
  Behavior<MemberCommand> create(MemberId id, String payload);
}
