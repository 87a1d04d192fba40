/** Messages between nodes: Kryo with registered, append-only ids and a wire version. */
@NullMarked
package io.llmagentos.node.wire;

import org.jspecify.annotations.NullMarked;
