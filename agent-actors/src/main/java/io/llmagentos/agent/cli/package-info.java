/** What agents add to the command line: {@code agentos chat}. */
@NullMarked
package io.llmagentos.agent.cli;

import org.jspecify.annotations.NullMarked;
