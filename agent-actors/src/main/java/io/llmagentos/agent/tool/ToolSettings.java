package io.llmagentos.agent.tool;

import com.typesafe.config.Config;
import io.llmagentos.node.settings.Settings;
import java.time.Duration;

/**
 * How tools are called. See {@code reference.conf}.
 *
 * @param attempts how often a call is tried, all in all
 * @param breaker when a tool that keeps failing is let alone
 * @param queue calls of one tool that may wait for others of it to end
 * @param maxResultChars of a result's text, and of its structured form
 */
public record ToolSettings(
    int attempts,
    Duration backoff,
    Duration maxBackoff,
    Breaker breaker,
    int queue,
    int maxResultChars) {
  private static final String SECTION = "llmagentos.agent.tools.";
  private static final int MOST_ATTEMPTS = 100;
  private static final int MOST_CALLS = 1_000_000;
  private static final int FEWEST_CHARS = 100;

  /**
   * When a tool that keeps failing is let alone.
   *
   * @param calls the latest ones that count
   * @param failures in percent of them
   * @param pause until one call is let through again
   */
  public record Breaker(int calls, int failures, Duration pause) {
    public Breaker {
      Settings.requireBetween(SECTION + "breaker.calls", calls, 1, MOST_CALLS);
      Settings.requireBetween(SECTION + "breaker.failures", failures, 1, 100);
      Settings.requireAtLeast(SECTION + "breaker.pause", pause, Duration.ofMillis(1));
    }
  }

  public ToolSettings {
    Settings.requireBetween(SECTION + "attempts", attempts, 1, MOST_ATTEMPTS);
    Settings.requireAtLeast(SECTION + "backoff", backoff, Duration.ofMillis(1));
    Settings.requireAtLeast(SECTION + "max-backoff", maxBackoff, backoff);
    Settings.requireBetween(SECTION + "queue", queue, 0, MOST_CALLS);
    Settings.requireBetween(
        SECTION + "max-result-chars", maxResultChars, FEWEST_CHARS, Integer.MAX_VALUE);
  }

  /** Read {@code llmagentos.agent.tools}. */
  public static ToolSettings create(Config section) {
    return new ToolSettings(
        section.getInt("attempts"),
        section.getDuration("backoff"),
        section.getDuration("max-backoff"),
        new Breaker(
            section.getInt("breaker.calls"),
            section.getInt("breaker.failures"),
            section.getDuration("breaker.pause")),
        section.getInt("queue"),
        section.getInt("max-result-chars"));
  }
}
