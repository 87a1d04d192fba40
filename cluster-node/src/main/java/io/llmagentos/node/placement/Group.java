package io.llmagentos.node.placement;

/**
 * Members of one kind that an owner wishes for.
 *
 * @param role of the nodes that may host them
 * @param minimum without which nothing of the owner starts
 * @param maximum to which the group grows as nodes join
 * @param each what one member takes
 * @param essential whether the loss of a member ends the owner's epoch; otherwise it is replaced within it
 */
public record Group(
    String name, String role, int minimum, int maximum, Resources each, boolean essential) {
  public Group {
    if (minimum < 0 || maximum < minimum || maximum > 4096) {
      throw new IllegalArgumentException("group " + name + " wants " + minimum + " to " + maximum
          + " members, must be 0 <= minimum <= maximum <= 4096");
    }
  }
}
