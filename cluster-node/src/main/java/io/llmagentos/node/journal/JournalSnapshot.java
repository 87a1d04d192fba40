package io.llmagentos.node.journal;

/** A persisted state. Stored like a {@link JournalEvent}; it may be dropped at any time, the events are the truth. */
public interface JournalSnapshot {}
