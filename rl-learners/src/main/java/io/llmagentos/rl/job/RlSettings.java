package io.llmagentos.rl.job;

import com.typesafe.config.Config;
import java.util.List;

/**
 * See {@code reference.conf}.
 *
 * @param environmentCommands whether a job may name a program for its nodes to start
 */
record RlSettings(boolean environmentCommands) {
  private static final List<String> CHOICES = List.of("local-only", "always", "never");

  static RlSettings create(Config section, boolean localOnly) {
    String choice = section.getString("environment-commands");
    if (!CHOICES.contains(choice)) {
      throw new IllegalArgumentException(
          "environment-commands must be one of " + CHOICES + ", is '" + choice + "'");
    }
    return new RlSettings(choice.equals("always") || (choice.equals("local-only") && localOnly));
  }
}
