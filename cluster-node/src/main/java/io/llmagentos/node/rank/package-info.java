/** Ranks of a data-parallel learner: gradients averaged in the order of the ranks. */
@NullMarked
package io.llmagentos.node.rank;

import org.jspecify.annotations.NullMarked;
