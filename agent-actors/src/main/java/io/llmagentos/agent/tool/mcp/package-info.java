/** Servers of the Model Context Protocol as sources of tools. */
@NullMarked
package io.llmagentos.agent.tool.mcp;

import org.jspecify.annotations.NullMarked;
