package io.llmagentos.agent.serving;

import com.typesafe.config.Config;
import io.llmagentos.node.settings.Settings;
import java.time.Duration;
import java.time.ZoneId;
import java.util.HashSet;
import java.util.Set;

/** How agents are served. See {@code reference.conf}. */
public record AgentSettings(
    ZoneId zone,
    String model,
    String definitions,
    Duration turnTimeout,
    Duration toolTimeout,
    Duration retryWindow,
    Duration approvalExpiry,
    Set<String> operators,
    int delegationDepth) {
  private static final int MOST_DEPTH = 16;

  public AgentSettings {
    operators = Set.copyOf(operators);
    Settings.requireAtLeast(
        "llmagentos.agent.approval-expiry", approvalExpiry, Duration.ofSeconds(1));
    if (delegationDepth < 0 || delegationDepth > MOST_DEPTH) {
      throw new IllegalArgumentException(
          "delegation-depth must be from 0 to " + MOST_DEPTH + ", is " + delegationDepth);
    }
  }

  public static AgentSettings create(Config section) {
    String zone = section.getString("zone");
    return new AgentSettings(
        zone.equals("system") ? ZoneId.systemDefault() : zone(zone),
        section.getString("model"),
        section.getString("definitions"),
        section.getDuration("turn-timeout"),
        section.getDuration("tool-timeout"),
        section.getDuration("retry-window"),
        section.getDuration("approval-expiry"),
        new HashSet<>(section.getStringList("operators")),
        section.getInt("delegation-depth"));
  }

  private static ZoneId zone(String zone) {
    try {
      return ZoneId.of(zone);
    } catch (java.time.DateTimeException e) {
      throw new IllegalArgumentException(
          "zone must be 'system' or an IANA zone such as Europe/Berlin, is '" + zone + "'", e);
    }
  }
}
