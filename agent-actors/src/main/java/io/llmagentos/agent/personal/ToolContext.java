package io.llmagentos.agent.personal;

import java.time.ZonedDateTime;

/**
 * What a tool may look at.
 *
 * @param state the principal's things, before the call
 * @param now the principal's clock, with the zone in which day and hour names are resolved
 * @param callKey unique to this call; ids of new things derive from it
 * @param request the principal's own words that led to the call
 */
public record ToolContext(PersonalState state, ZonedDateTime now, String callKey, String request) {}
