/** The agent that serves one principal: its durable things, its due timers, its notices. */
@NullMarked
package io.llmagentos.agent.serving;

import org.jspecify.annotations.NullMarked;
