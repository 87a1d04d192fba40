/** Membership: transports, roles, and the downing of dead processes. */
@NullMarked
package io.llmagentos.node.cluster;

import org.jspecify.annotations.NullMarked;
