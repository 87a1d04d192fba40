package io.llmagentos.node.http;

import com.typesafe.config.Config;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.settings.Settings;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The doors. See {@code reference.conf}. */
public record HttpSettings(
    String host,
    int port,
    String managementHost,
    int managementPort,
    List<ApiKey> apiKeys,
    Set<String> allowedHosts,
    Set<String> allowedOrigins,
    long maxBodyBytes,
    Duration requestTimeout) {
  /** Who a key stands for. */
  public record ApiKey(String key, String tenant, String principal) {
    public ApiKey {
      if (key.length() < 16) {
        throw new AgentOsException(
            ErrorCode.SETTINGS_INVALID,
            "an API key must have at least 16 characters, the one of " + principal + " has "
                + key.length(),
            "llmagentos.http.api-keys");
      }
      if (principal.contains("/")) {
        throw new AgentOsException(
            ErrorCode.SETTINGS_INVALID,
            "a principal must have no '/', which sets its users apart, is '" + principal + "'",
            "llmagentos.http.api-keys");
      }
    }
  }

  public HttpSettings {
    apiKeys = List.copyOf(apiKeys);
    allowedHosts = Set.copyOf(allowedHosts);
    allowedOrigins = Set.copyOf(allowedOrigins);
    Settings.requireBetween("llmagentos.http.port", port, 0, 65_535);
    Settings.requireBetween("llmagentos.http.management-port", managementPort, 0, 65_535);
    Settings.requireBetween("llmagentos.http.max-body", maxBodyBytes, 1, Integer.MAX_VALUE);
    Settings.requireAtLeast(
        "llmagentos.http.request-timeout", requestTimeout, Duration.ofMillis(1));
    if (apiKeys.isEmpty() && !address(host, "llmagentos.http.host").isLoopbackAddress()) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID,
          "llmagentos.http.host is " + host
              + ", which others can reach, but llmagentos.http.api-keys is empty; configure keys or bind 127.0.0.1",
          "llmagentos.http.host");
    }
    InetAddress management = address(managementHost, "llmagentos.http.management-host");
    if (!management.isLoopbackAddress() && !management.isSiteLocalAddress()) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID,
          "llmagentos.http.management-host is " + managementHost
              + ", which is public; use loopback or a private address",
          "llmagentos.http.management-host");
    }
  }

  public static HttpSettings create(Config section) {
    return new HttpSettings(
        section.getString("host"),
        section.getInt("port"),
        section.getString("management-host"),
        section.getInt("management-port"),
        section.getConfigList("api-keys").stream()
            .map(key -> new ApiKey(
                key.getString("key"), key.getString("tenant"), key.getString("principal")))
            .toList(),
        new HashSet<>(section.getStringList("allowed-hosts")),
        new HashSet<>(section.getStringList("allowed-origins")),
        section.getBytes("max-body"),
        section.getDuration("request-timeout"));
  }

  private static InetAddress address(String host, String key) {
    try {
      return InetAddress.getByName(host);
    } catch (UnknownHostException e) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID, key + " names the unknown host '" + host + "'", key, e);
    }
  }
}
