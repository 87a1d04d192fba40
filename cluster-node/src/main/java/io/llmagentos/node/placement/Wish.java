package io.llmagentos.node.placement;

import java.time.Instant;
import java.util.List;

/**
 * What an owner wants placed. The first group is the leader: one member, which is told of all others.
 *
 * @param owner unique in the cluster
 * @param epoch under which members were placed last; 0: never
 * @param placed whether the owner believes that members of {@code epoch} run
 * @param kind which hosts can spawn its members
 * @param quotaGroup whose quota it counts against
 * @param priority higher goes first
 * @param since of equal priorities the earlier goes first
 */
public record Wish(
    String owner,
    long epoch,
    boolean placed,
    String kind,
    String quotaGroup,
    int priority,
    Instant since,
    List<Group> groups) {
  public Wish {
    groups = List.copyOf(groups);
    if (groups.isEmpty()
        || groups.getFirst().minimum() != 1
        || groups.getFirst().maximum() != 1) {
      throw new IllegalArgumentException("the first group of a wish is its leader: one member");
    }
  }

  Group leader() {
    return groups.getFirst();
  }

  Resources minimum() {
    Resources sum = Resources.NONE;
    for (Group group : groups) {
      for (int i = 0; i < group.minimum(); i++) {
        sum = sum.plus(group.each());
      }
    }
    return sum;
  }
}
