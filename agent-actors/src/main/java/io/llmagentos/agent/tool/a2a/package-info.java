/** Agents of other systems, which speak the Agent2Agent protocol, as tools. */
@NullMarked
package io.llmagentos.agent.tool.a2a;

import org.jspecify.annotations.NullMarked;
