/** Artifacts: what nodes share by content hash - checkpoints, indexes, datasets. */
@NullMarked
package io.llmagentos.node.artifact;

import org.jspecify.annotations.NullMarked;
