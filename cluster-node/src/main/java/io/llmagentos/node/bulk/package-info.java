/** The bulk plane: weights, gradients, trajectories travel in chunks with credits; a message carries a reference, a length and a checksum. */
@NullMarked
package io.llmagentos.node.bulk;

import org.jspecify.annotations.NullMarked;
