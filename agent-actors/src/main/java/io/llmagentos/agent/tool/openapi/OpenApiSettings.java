package io.llmagentos.agent.tool.openapi;

import com.typesafe.config.Config;
import io.llmagentos.agent.tool.SourceSettings;
import io.llmagentos.agent.tool.http.HttpAccess;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.util.List;

/**
 * One OpenAPI document. See {@code reference.conf}.
 *
 * @param document a file, or an http or https URL
 * @param server the base of every operation's URL; empty: the document's first server
 * @param checkResults whether results must be as the document says
 */
public record OpenApiSettings(
    String name, String document, String server, boolean checkResults, HttpAccess http) {
  public OpenApiSettings {
    if (document.isEmpty()) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID,
          path(name) + ".document is missing: the file or the URL of an OpenAPI document",
          path(name) + ".document");
    }
    if (!server.isEmpty()) {
      SourceSettings.requireUrl(path(name) + ".server", server);
    }
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
        entry.getBoolean("check-results"),
        HttpAccess.create(entry, path(name)));
  }

  static String path(String name) {
    return "llmagentos.agent.tools.openapi." + name;
  }
}
