/** The model subsystem: its place in the node. */
@NullMarked
package io.llmagentos.model;

import org.jspecify.annotations.NullMarked;
