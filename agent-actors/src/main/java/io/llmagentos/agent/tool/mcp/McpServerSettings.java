package io.llmagentos.agent.tool.mcp;

import com.typesafe.config.Config;
import io.llmagentos.agent.tool.SourceSettings;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.settings.Settings;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * One MCP server. See {@code reference.conf}.
 *
 * @param command of a server that is a child of this process and speaks on its standard streams; empty: there is a {@code url}
 * @param environment of that child, besides the little that it inherits
 * @param url of a server that speaks streamable HTTP
 * @param trustHints whether what the server says about its tools' effects is believed
 */
public record McpServerSettings(
    String name,
    List<String> command,
    Map<String, String> environment,
    String url,
    Map<String, String> headers,
    boolean trustHints,
    Duration timeout,
    int maxConcurrent,
    int maxMessageBytes,
    Duration connectTimeout,
    Duration pingInterval) {
  private static final int SMALLEST_MESSAGE = 1024;
  private static final int MOST_CONCURRENT = 1_000_000;

  public McpServerSettings {
    command = List.copyOf(command);
    environment = Map.copyOf(environment);
    headers = Map.copyOf(headers);
    String path = "llmagentos.agent.tools.mcp." + name;
    if (command.isEmpty() == url.isEmpty()) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID, path + " must have either a command or a url", path);
    }
    if (!url.isEmpty()) {
      SourceSettings.requireUrl(path + ".url", url);
    }
    Settings.requireAtLeast(path + ".timeout", timeout, Duration.ofMillis(1));
    Settings.requireAtLeast(path + ".connect-timeout", connectTimeout, Duration.ofMillis(1));
    Settings.requireAtLeast(path + ".ping-interval", pingInterval, Duration.ofMillis(1));
    Settings.requireBetween(path + ".max-concurrent", maxConcurrent, 1, MOST_CONCURRENT);
    Settings.requireBetween(
        path + ".max-message", maxMessageBytes, SMALLEST_MESSAGE, Integer.MAX_VALUE);
  }

  /** The servers of {@code llmagentos.agent.tools}. */
  public static List<McpServerSettings> all(Config section) {
    return SourceSettings.entries(section, "mcp", "mcp-server").entrySet().stream()
        .map(entry -> create(entry.getKey(), entry.getValue()))
        .toList();
  }

  private static McpServerSettings create(String name, Config entry) {
    return new McpServerSettings(
        name,
        entry.getStringList("command"),
        SourceSettings.texts(entry, "env"),
        entry.getString("url"),
        SourceSettings.texts(entry, "headers"),
        entry.getBoolean("trust-hints"),
        entry.getDuration("timeout"),
        entry.getInt("max-concurrent"),
        Math.toIntExact(entry.getBytes("max-message")),
        entry.getDuration("connect-timeout"),
        entry.getDuration("ping-interval"));
  }
}
