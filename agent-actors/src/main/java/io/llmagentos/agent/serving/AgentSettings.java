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
    Set<String> operators) {
  public AgentSettings {
    operators = Set.copyOf(operators);
    Settings.requireAtLeast(
        "llmagentos.agent.approval-expiry", approvalExpiry, Duration.ofSeconds(1));
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
        new HashSet<>(section.getStringList("operators")));
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
