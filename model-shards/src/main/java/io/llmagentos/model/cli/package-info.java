/** The commands that models add to {@code agentos}. */
@NullMarked
package io.llmagentos.model.cli;

import org.jspecify.annotations.NullMarked;
