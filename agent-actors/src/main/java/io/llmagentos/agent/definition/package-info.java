/** An agent is data: instructions, model, tools. */
@NullMarked
package io.llmagentos.agent.definition;

import org.jspecify.annotations.NullMarked;
