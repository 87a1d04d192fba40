/** The kernel's front: boot a node, discover its subsystems, shut it down. */
@NullMarked
package io.llmagentos.node;

import org.jspecify.annotations.NullMarked;
