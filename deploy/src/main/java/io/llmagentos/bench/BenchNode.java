package io.llmagentos.bench;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.llmagentos.node.boot.SoloNode;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;

/** One node in this process with a scripted model that costs nothing. */
final class BenchNode {
  private static final String SCRIPT = """
      pekko.loglevel = WARNING
      llmagentos.agent { model = scripted, zone = UTC }
      llmagentos.model.models.scripted {
        kind = scripted
        rules = [{ when = "on the (?<housePlace>kitchen)", call = iot_hue_lighton }, { when = "off the (?<housePlace>kitchen)", call = iot_hue_lightoff }, { when = "hello", text = "Hello." }]
      }
      """;

  private BenchNode() {}

  /** @param journal key and value below {@code llmagentos.journal}; empty: H2 in the node's directory */
  static SoloNode start(Map<String, String> journal) throws IOException {
    return start(journal, "");
  }

  /** @param more HOCON above the script */
  static SoloNode start(Map<String, String> journal, String more) throws IOException {
    Map<String, String> settings = new TreeMap<>();
    journal.forEach((key, value) -> settings.put("llmagentos.journal." + key, value));
    Config script = ConfigFactory.parseString(more).withFallback(ConfigFactory.parseString(SCRIPT));
    return SoloNode.start(ConfigFactory.parseMap(settings).withFallback(script));
  }
}
