/** What an agent can do: a tool's contract, free of actors. */
@NullMarked
package io.llmagentos.agent.tool;

import org.jspecify.annotations.NullMarked;
