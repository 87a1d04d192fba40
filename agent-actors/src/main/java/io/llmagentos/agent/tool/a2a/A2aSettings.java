package io.llmagentos.agent.tool.a2a;

import com.typesafe.config.Config;
import io.llmagentos.agent.tool.SourceSettings;
import io.llmagentos.agent.tool.http.HttpAccess;
import java.net.URI;
import java.util.List;

/**
 * One agent of another system. See {@code reference.conf}.
 *
 * @param url of its card, or what its card lies under
 * @param endpoint where it is spoken to; empty: where its card says
 * @param idempotent whether it takes a message that is sent again for the one that it was
 */
public record A2aSettings(
    String name, String url, String endpoint, boolean idempotent, HttpAccess http) {
  private static final String CARD = "/.well-known/agent-card.json";

  public A2aSettings {
    SourceSettings.requireUrl(path(name) + ".url", url);
    if (!endpoint.isEmpty()) {
      SourceSettings.requireUrl(path(name) + ".endpoint", endpoint);
    }
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
        entry.getBoolean("idempotent"),
        HttpAccess.create(entry, path(name)));
  }

  static String path(String name) {
    return "llmagentos.agent.tools.a2a." + name;
  }

  URI card() {
    return URI.create(url.endsWith(".json") ? url : url.replaceAll("/+$", "") + CARD);
  }
}
