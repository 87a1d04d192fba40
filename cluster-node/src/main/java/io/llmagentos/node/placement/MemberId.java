package io.llmagentos.node.placement;

/**
 * One member of an owner.
 *
 * @param epoch of the owner's placement; members of an older one are stopped
 * @param incarnation raised when the same place in the group is filled anew within an epoch
 */
public record MemberId(String owner, long epoch, String group, int index, int incarnation) {
  /** Unique within a host. */
  String actorName() {
    return (owner + "-" + epoch + "-" + group + "-" + index + "-" + incarnation)
        .replaceAll("[^A-Za-z0-9-]", "_");
  }

  @Override
  public String toString() {
    return group + "-" + index + " of " + owner + " (epoch " + epoch
        + (incarnation == 0 ? "" : ", incarnation " + incarnation) + ")";
  }
}
