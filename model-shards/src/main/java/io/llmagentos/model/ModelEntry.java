package io.llmagentos.model;

import com.typesafe.config.Config;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.util.Comparator;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.commons.text.similarity.LevenshteinDistance;

/** One entry of {@code llmagentos.model.models}, checked: its kind is known, and each of its keys. */
record ModelEntry(String id, String kind, Config config) {
  private static final Map<String, Set<String>> KEYS = new TreeMap<>(Map.of(
      "scripted", Set.of("kind", "rules"),
      "local",
          Set.of(
              "kind",
              "path",
              "threads",
              "max-batch",
              "queue",
              "cache-tokens",
              "kv-block-tokens",
              "prefill-tokens"),
      "openai", Set.of("kind", "base-url", "model", "api-key", "timeout", "retries")));

  /** @param section {@code llmagentos.model}, which has the defaults of each kind */
  static ModelEntry read(String id, Config entry, Config section) {
    String path = "llmagentos.model.models." + id;
    String kind = entry.hasPath("kind") ? entry.getString("kind") : "";
    Set<String> known = KEYS.get(kind);
    if (known == null) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID,
          path + ".kind must be one of " + KEYS.keySet() + ", is '" + kind + "'",
          path);
    }
    for (String key : entry.root().keySet()) {
      if (!known.contains(key)) {
        throw new AgentOsException(
            ErrorCode.SETTINGS_UNKNOWN_KEY,
            "unknown setting " + path + "." + key + "; did you mean " + path + "."
                + nearest(key, known) + "?",
            path + "." + key);
      }
    }
    return new ModelEntry(
        id, kind, section.hasPath(kind) ? entry.withFallback(section.getConfig(kind)) : entry);
  }

  private static String nearest(String key, Set<String> known) {
    return new TreeSet<>(known)
        .stream()
            .min(Comparator.comparingInt(
                candidate -> LevenshteinDistance.getDefaultInstance().apply(candidate, key)))
            .orElseThrow();
  }
}
