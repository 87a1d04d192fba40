package io.llmagentos.agent.personal;

/** A change to what an agent keeps for its principal. */
public interface PersonalEvent {}
