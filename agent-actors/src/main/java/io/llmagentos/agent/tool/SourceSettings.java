package io.llmagentos.agent.tool;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigUtil;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.settings.Settings;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** The entries of an open map of {@code llmagentos.agent.tools}, one for each source of tools. */
public final class SourceSettings {
  private static final String SECTION = "llmagentos.agent.tools.";

  private SourceSettings() {}

  /**
   * Read them; what an entry does not say, the defaults do.
   *
   * @param section {@code llmagentos.agent.tools}
   * @param map the key of the map
   * @param defaults the key of their defaults, which have every key that an entry may have
   * @throws AgentOsException {@code SETTINGS_UNKNOWN_KEY} or {@code SETTINGS_INVALID}
   */
  public static Map<String, Config> entries(Config section, String map, String defaults) {
    Map<String, Config> entries = new TreeMap<>();
    Config common = section.getConfig(defaults);
    for (String name : section.getObject(map).keySet()) {
      String path = SECTION + map + "." + name;
      if (!name.matches("[a-zA-Z0-9]+(-[a-zA-Z0-9]+)*") || name.length() > 24) {
        throw new AgentOsException(
            ErrorCode.SETTINGS_INVALID,
            path + ": a source's name has 1 to 24 letters and digits, and single - between them",
            path);
      }
      Config entry = section.getConfig(ConfigUtil.joinPath(map, name));
      for (String key : entry.root().keySet()) {
        if (!common.root().containsKey(key)) {
          throw new AgentOsException(
              ErrorCode.SETTINGS_UNKNOWN_KEY,
              "unknown setting " + path + "." + key + "; did you mean " + path + "."
                  + Settings.nearest(key, new TreeSet<>(common.root().keySet())).orElseThrow()
                  + "?",
              path + "." + key);
        }
      }
      entries.put(name, entry.withFallback(common));
    }
    return entries;
  }

  /** A map of texts, for example of headers, whatever their names. */
  public static Map<String, String> texts(Config entry, String key) {
    return entry.getObject(key).entrySet().stream()
        .collect(Collectors.toMap(
            Map.Entry::getKey, each -> String.valueOf(each.getValue().unwrapped())));
  }

  /** Refuse what is no http or https URL with {@code SETTINGS_INVALID}. */
  public static void requireUrl(String path, String url) {
    if (!isUrl(url)) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID,
          path + " must be an http or https URL, is '" + url + "'",
          path);
    }
  }

  /** Whether a text is an http or https URL. */
  public static boolean isUrl(String text) {
    try {
      URI uri = new URI(text);
      return ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
          && uri.getHost() != null;
    } catch (URISyntaxException e) {
      return false;
    }
  }
}
