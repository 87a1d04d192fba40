package io.llmagentos.node.cluster;

import com.typesafe.config.Config;
import io.llmagentos.node.settings.Settings;
import java.time.Duration;

/**
 * How dead processes are found. See {@code reference.conf}.
 *
 * @param probeInterval zero: never probe
 */
public record ClusterSettings(Duration probeInterval, int probeRefusals) {
  public ClusterSettings {
    Settings.requireAtLeast("llmagentos.cluster.probe-interval", probeInterval, Duration.ZERO);
    Settings.requireBetween("llmagentos.cluster.probe-refusals", probeRefusals, 1, 100);
  }

  public static ClusterSettings create(Config section) {
    return new ClusterSettings(
        section.getDuration("probe-interval"), section.getInt("probe-refusals"));
  }
}
