/** Pure: what wakes an agent without anybody saying something to it: schedules and events. */
@NullMarked
package io.llmagentos.agent.schedule;

import org.jspecify.annotations.NullMarked;
