/** Models that are published while the cluster runs: durable by name, served by every node with the role {@code model}. */
@NullMarked
package io.llmagentos.model.registry;

import org.jspecify.annotations.NullMarked;
