package io.llmagentos.bench;

import com.typesafe.config.ConfigFactory;
import io.llmagentos.node.Node;
import io.llmagentos.node.boot.NodeBoot;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** One node in this process with a scripted model that costs nothing, on free ports and a directory of its own. */
final class BenchNode implements AutoCloseable {
  private static final String SCRIPT = """
      pekko.loglevel = WARNING
      llmagentos.agent { model = scripted, zone = UTC }
      llmagentos.model.models.scripted {
        kind = scripted
        rules = [{ when = "on the (?<housePlace>kitchen)", call = iot_hue_lighton }, { when = "off the (?<housePlace>kitchen)", call = iot_hue_lightoff }, { when = "hello", text = "Hello." }]
      }
      """;

  private final Path directory;
  private final Node node;

  private BenchNode(Path directory, Node node) {
    this.directory = directory;
    this.node = node;
  }

  /** @param journal key and value below {@code llmagentos.journal}; empty: H2 in the directory */
  static BenchNode start(Map<String, String> journal) {
    try {
      Path directory = Files.createTempDirectory("agentos-bench");
      Map<String, Object> settings = new TreeMap<>();
      settings.put("llmagentos.node.data-dir", directory.toString());
      settings.put("llmagentos.node.artery-port", freePort());
      settings.put("llmagentos.http.port", freePort());
      settings.put("llmagentos.http.management-port", freePort());
      journal.forEach((key, value) -> settings.put("llmagentos.journal." + key, value));
      return new BenchNode(
          directory,
          NodeBoot.start(
              ConfigFactory.parseMap(settings).withFallback(ConfigFactory.parseString(SCRIPT))));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Node node() {
    return node;
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @Override
  public void close() {
    node.stop().toCompletableFuture().join();
    try (Stream<Path> files = Files.walk(directory)) {
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
