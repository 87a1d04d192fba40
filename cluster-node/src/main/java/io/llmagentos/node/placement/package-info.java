/** Placement: a wish for members on nodes, the scheduler that decides, the node host that spawns them by epoch. */
@NullMarked
package io.llmagentos.node.placement;

import org.jspecify.annotations.NullMarked;
