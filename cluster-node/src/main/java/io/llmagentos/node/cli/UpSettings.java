package io.llmagentos.node.cli;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import io.llmagentos.node.NodeSettings;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What {@code agentos up} was asked for, and the settings of each node that follow from it.
 *
 * @param workers how many of the planned nodes, the last ones, are workers; 0: every node has every role
 */
record UpSettings(
    PortPlan ports,
    int workers,
    Path data,
    @Nullable Path config,
    @Nullable String journalUrl,
    @Nullable String transport) {

  /** Where workers take the computing, core nodes hold nothing that could crash natively. */
  private static final List<String> CORE = List.of("core");

  private static final List<String> WORKER = List.of("model", "rollout", "learner");

  /** Whether this process keeps the journal itself, in H2. */
  boolean ownsJournal() {
    return journalUrl == null;
  }

  /** Whether nodes speak TLS with certificates that nobody configured. */
  boolean makesCertificates() {
    return effectiveTransport().equals(NodeSettings.Transport.TLS_TCP.id())
        && !userFile(config).hasPath("llmagentos.node.tls");
  }

  /** Whether nodes speak Aeron through a media driver that nobody else runs. */
  boolean startsMediaDriver() {
    return effectiveTransport().equals(NodeSettings.Transport.AERON_UDP.id())
        && !userFile(config).hasPath("llmagentos.node.aeron-dir");
  }

  Path mediaDriverDirectory() {
    return MediaDriverCommand.directory(data, ports.base());
  }

  private String effectiveTransport() {
    var file = userFile(config);
    var key = "llmagentos.node.transport";
    return transport != null ? transport : file.hasPath(key) ? file.getString(key) : "tcp";
  }

  Path nodeDirectory(int node) {
    return data.resolve("node-" + node);
  }

  Path journalDirectory() {
    return data.resolve("journal");
  }

  /** Flags win over the user's file, which wins over the defaults of a cluster on one machine. */
  Config node(int node, List<String> seeds, @Nullable JournalSecret secret) {
    var flags = new HashMap<String, Object>();
    flags.put("llmagentos.node.artery-port", ports.artery(node));
    flags.put("llmagentos.node.data-dir", nodeDirectory(node).toString());
    flags.put("llmagentos.node.seed-nodes", seeds);
    flags.put("llmagentos.artifacts.directory", data.resolve("artifacts").toString());
    if (workers > 0) {
      flags.put("llmagentos.node.roles", node < ports.nodes() - workers ? CORE : WORKER);
    }
    flags.put("llmagentos.http.port", ports.door(node));
    flags.put("llmagentos.http.management-port", ports.management(node));
    if (transport != null) {
      flags.put("llmagentos.node.transport", transport);
    }
    if (makesCertificates()) {
      var tls = Certificates.in(data).node(node);
      flags.put("llmagentos.node.tls.certificate", tls.certificate());
      flags.put("llmagentos.node.tls.key", tls.key());
      flags.put("llmagentos.node.tls.ca", tls.ca());
    }
    if (startsMediaDriver()) {
      flags.put("llmagentos.node.aeron-dir", mediaDriverDirectory().toString());
    }
    if (journalUrl != null) {
      flags.put("llmagentos.journal.url", journalUrl);
    } else if (secret != null) {
      flags.put("llmagentos.journal.url", h2Url());
      flags.put("llmagentos.journal.user", JournalSecret.USER);
      flags.put("llmagentos.journal.password", secret.password());
    }
    var defaults =
        Map.of("llmagentos.node.host", PortPlan.HOST, "llmagentos.http.host", PortPlan.HOST);
    return ConfigFactory.parseMap(flags, "agentos up")
        .withFallback(userFile(config))
        .withFallback(ConfigFactory.parseMap(defaults, "agentos up defaults"));
  }

  /** One node reads the file itself; several share it through the database process. The file is the same. */
  private String h2Url() {
    return ports.nodes() == 1
        ? "jdbc:h2:file:" + journalDirectory().resolve("journal") + ";WRITE_DELAY=0"
        : "jdbc:h2:tcp://" + PortPlan.HOST + ":" + ports.database() + "/./journal;WRITE_DELAY=0";
  }

  static Config userFile(@Nullable Path file) {
    if (file == null) {
      return ConfigFactory.empty();
    }
    if (!Files.isReadable(file)) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID,
          "--config names " + file + ", which cannot be read",
          "--config");
    }
    try {
      return ConfigFactory.parseFile(file.toFile());
    } catch (ConfigException broken) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID, String.valueOf(broken.getMessage()), "--config", broken);
    }
  }
}
