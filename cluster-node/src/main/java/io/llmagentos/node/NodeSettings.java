package io.llmagentos.node;

import com.typesafe.config.Config;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.settings.Settings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What a node is. See {@code reference.conf}.
 *
 * @param host where other nodes reach this one, with {@code arteryPort}
 * @param bindHost where this node listens, with {@code bindPort}; another address than {@code host} behind an address translation
 * @param seedNodes {@code host:port} each
 */
public record NodeSettings(
    String host,
    int arteryPort,
    String bindHost,
    int bindPort,
    Set<String> roles,
    Path dataDirectory,
    List<String> seedNodes,
    Transport transport,
    Tls tls,
    String aeronDirectory,
    Duration joinTimeout,
    Duration drainTimeout) {
  private static final Set<String> ROLES = Set.of("core", "model", "gpu", "rollout", "learner");

  /** How nodes talk to each other. */
  public enum Transport {
    TCP,
    TLS_TCP,
    AERON_UDP;

    public String id() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /** PEM files of mutual TLS. */
  public record Tls(String certificate, String key, String ca) {}

  public NodeSettings {
    roles = Set.copyOf(roles);
    seedNodes = List.copyOf(seedNodes);
    Settings.requireBetween("llmagentos.node.artery-port", arteryPort, 0, 65_535);
    Settings.requireBetween("llmagentos.node.bind-port", bindPort, 0, 65_535);
    Settings.requireAtLeast("llmagentos.node.join-timeout", joinTimeout, Duration.ofSeconds(1));
    Settings.requireAtLeast("llmagentos.node.drain-timeout", drainTimeout, Duration.ZERO);
    for (String role : roles) {
      if (!ROLES.contains(role)) {
        throw new AgentOsException(
            ErrorCode.SETTINGS_INVALID,
            "llmagentos.node.roles has '" + role + "', known are " + ROLES,
            "llmagentos.node.roles");
      }
    }
    if (transport == Transport.TLS_TCP
        && (tls.certificate().isEmpty() || tls.key().isEmpty() || tls.ca().isEmpty())) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID,
          "transport tls-tcp needs llmagentos.node.tls.certificate, key and ca",
          "llmagentos.node.tls");
    }
    if (transport == Transport.AERON_UDP && aeronDirectory.isEmpty()) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID,
          "transport aeron-udp needs llmagentos.node.aeron-dir, the directory of the machine's media driver",
          "llmagentos.node.aeron-dir");
    }
  }

  public static NodeSettings create(Config section) {
    return new NodeSettings(
        section.getString("host"),
        section.getInt("artery-port"),
        section.getString("bind-host"),
        section.getInt("bind-port"),
        Set.copyOf(section.getStringList("roles")),
        Path.of(section.getString("data-dir")),
        section.getStringList("seed-nodes"),
        transport(section.getString("transport")),
        new Tls(
            section.getString("tls.certificate"),
            section.getString("tls.key"),
            section.getString("tls.ca")),
        section.getString("aeron-dir"),
        section.getDuration("join-timeout"),
        section.getDuration("drain-timeout"));
  }

  private static Transport transport(String id) {
    for (Transport transport : Transport.values()) {
      if (transport.id().equals(id)) {
        return transport;
      }
    }
    throw new AgentOsException(
        ErrorCode.SETTINGS_INVALID,
        "llmagentos.node.transport must be tcp, tls-tcp or aeron-udp, is '" + id + "'",
        "llmagentos.node.transport");
  }
}
