package io.llmagentos.node.journal;

import java.time.Instant;

/** A change to the durable timers of the entity that persisted it. At {@code due}, or as soon after as a node is up, the entity is woken. */
public sealed interface TimerChange {
  /** Unique within its entity. */
  String timer();

  record Set(String timer, Instant due) implements TimerChange {}

  record Cleared(String timer) implements TimerChange {}
}
