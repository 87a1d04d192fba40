/** The command line: its host and the commands of the kernel. */
@NullMarked
package io.llmagentos.node.cli;

import org.jspecify.annotations.NullMarked;
