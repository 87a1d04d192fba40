/** From settings to a running node. */
@NullMarked
package io.llmagentos.node.boot;

import org.jspecify.annotations.NullMarked;
