/** What an agent keeps for its principal (alarms, calendar, lists, devices) and the tools that change it; pure. */
@NullMarked
package io.llmagentos.agent.personal;

import org.jspecify.annotations.NullMarked;
