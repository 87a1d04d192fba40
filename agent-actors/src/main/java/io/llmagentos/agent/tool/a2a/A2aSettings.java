package io.llmagentos.agent.tool.a2a;

import com.typesafe.config.Config;
import io.llmagentos.agent.tool.SourceSettings;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.settings.Settings;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * One agent of another system. See {@code reference.conf}.
 *
 * @param url of its card, or what its card lies under
 * @param endpoint where it is spoken to; empty: where its card says
 * @param idempotent whether it takes a message that is sent again for the one that it was
 */
public record A2aSettings(
    String name,
    String url,
    String endpoint,
    Map<String, String> headers,
    boolean idempotent,
    Duration timeout,
    int maxConcurrent,
    int maxResponseBytes,
    Duration connectTimeout) {
  private static final int SMALLEST_RESPONSE = 1024;
  private static final int MOST_CONCURRENT = 1_000_000;
  private static final String CARD = "/.well-known/agent-card.json";

  public A2aSettings {
    headers = Map.copyOf(headers);
    requireUrl(name, "url", url);
    if (!endpoint.isEmpty()) {
      requireUrl(name, "endpoint", endpoint);
    }
    String path = path(name);
    Settings.requireAtLeast(path + ".timeout", timeout, Duration.ofMillis(1));
    Settings.requireAtLeast(path + ".connect-timeout", connectTimeout, Duration.ofMillis(1));
    Settings.requireBetween(path + ".max-concurrent", maxConcurrent, 1, MOST_CONCURRENT);
    Settings.requireBetween(
        path + ".max-response", maxResponseBytes, SMALLEST_RESPONSE, Integer.MAX_VALUE);
  }

  /** The agents of {@code llmagentos.agent.tools}. */
  public static List<A2aSettings> all(Config section) {
    return SourceSettings.entries(section, "a2a", "a2a-agent").entrySet().stream()
        .map(entry -> create(entry.getKey(), entry.getValue()))
        .toList();
  }

  private static A2aSettings create(String name, Config entry) {
    return new A2aSettings(
        name,
        entry.getString("url"),
        entry.getString("endpoint"),
        SourceSettings.texts(entry, "headers"),
        entry.getBoolean("idempotent"),
        entry.getDuration("timeout"),
        entry.getInt("max-concurrent"),
        Math.toIntExact(entry.getBytes("max-response")),
        entry.getDuration("connect-timeout"));
  }

  static String path(String name) {
    return "llmagentos.agent.tools.a2a." + name;
  }

  URI card() {
    return URI.create(url.endsWith(".json") ? url : url.replaceAll("/+$", "") + CARD);
  }

  private static void requireUrl(String name, String key, String url) {
    if (!isHttp(url)) {
      String path = path(name) + "." + key;
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID,
          path + " must be an http or https URL, is '" + url + "'",
          path);
    }
  }

  static boolean isHttp(String url) {
    try {
      URI uri = new URI(url);
      return ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
          && uri.getHost() != null;
    } catch (URISyntaxException e) {
      return false;
    }
  }
}
