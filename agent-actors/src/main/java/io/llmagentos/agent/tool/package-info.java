/** Tools whose effects lie outside the journal: Java methods, OpenAPI operations, MCP servers, other agents. */
@NullMarked
package io.llmagentos.agent.tool;

import org.jspecify.annotations.NullMarked;
