package io.llmagentos.node.cli;

import java.time.Duration;

/** How long to wait before a crashed process starts again: 1 s, doubling to 30 s, anew after a minute of life. Not thread-safe. */
final class Backoff {
  static final Duration FIRST = Duration.ofSeconds(1);
  static final Duration LONGEST = Duration.ofSeconds(30);
  static final Duration HEALTHY = Duration.ofMinutes(1);

  private Duration next = FIRST;

  /** @param lived how long the process that just ended had been running */
  Duration next(Duration lived) {
    if (lived.compareTo(HEALTHY) >= 0) {
      next = FIRST;
    }
    var now = next;
    var doubled = now.multipliedBy(2);
    next = doubled.compareTo(LONGEST) > 0 ? LONGEST : doubled;
    return now;
  }
}
