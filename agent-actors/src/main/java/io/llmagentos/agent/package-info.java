/** The agent subsystem: its place in the node, its settings, its Java facade. */
@NullMarked
package io.llmagentos.agent;

import org.jspecify.annotations.NullMarked;
