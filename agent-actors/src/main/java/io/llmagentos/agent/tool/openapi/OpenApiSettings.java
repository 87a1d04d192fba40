package io.llmagentos.agent.tool.openapi;

import com.typesafe.config.Config;
import io.llmagentos.agent.tool.SourceSettings;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.settings.Settings;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * One OpenAPI document. See {@code reference.conf}.
 *
 * @param document a file, or an http or https URL
 * @param server the base of every operation's URL; empty: the document's first server
 * @param headers of every call, for example credentials
 * @param checkResults whether results must be as the document says
 */
public record OpenApiSettings(
    String name,
    String document,
    String server,
    Map<String, String> headers,
    boolean checkResults,
    Duration timeout,
    int maxConcurrent,
    int maxResponseBytes,
    Duration connectTimeout) {
  private static final int SMALLEST_RESPONSE = 1024;
  private static final int MOST_CONCURRENT = 1_000_000;

  public OpenApiSettings {
    headers = Map.copyOf(headers);
    String path = "llmagentos.agent.tools.openapi." + name;
    if (document.isEmpty()) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID,
          path + ".document is missing: the file or the URL of an OpenAPI document",
          path + ".document");
    }
    if (!server.isEmpty() && !isUrl(server)) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID,
          path + ".server must be an http or https URL, is '" + server + "'",
          path + ".server");
    }
    Settings.requireAtLeast(path + ".timeout", timeout, Duration.ofMillis(1));
    Settings.requireAtLeast(path + ".connect-timeout", connectTimeout, Duration.ofMillis(1));
    Settings.requireBetween(path + ".max-concurrent", maxConcurrent, 1, MOST_CONCURRENT);
    Settings.requireBetween(
        path + ".max-response", maxResponseBytes, SMALLEST_RESPONSE, Integer.MAX_VALUE);
  }

  /** The documents of {@code llmagentos.agent.tools}. */
  public static List<OpenApiSettings> all(Config section) {
    return SourceSettings.entries(section, "openapi", "openapi-document").entrySet().stream()
        .map(entry -> create(entry.getKey(), entry.getValue()))
        .toList();
  }

  private static OpenApiSettings create(String name, Config entry) {
    return new OpenApiSettings(
        name,
        entry.getString("document"),
        entry.getString("server"),
        SourceSettings.texts(entry, "headers"),
        entry.getBoolean("check-results"),
        entry.getDuration("timeout"),
        entry.getInt("max-concurrent"),
        Math.toIntExact(entry.getBytes("max-response")),
        entry.getDuration("connect-timeout"));
  }

  static boolean isUrl(String text) {
    return text.startsWith("http://") || text.startsWith("https://");
  }
}
