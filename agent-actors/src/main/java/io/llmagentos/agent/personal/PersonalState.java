package io.llmagentos.agent.personal;

/** What an agent keeps for its principal; immutable, changed by events only. */
public record PersonalState() {}
