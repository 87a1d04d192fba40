package io.llmagentos.node.boot;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.llmagentos.node.Node;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/** A node in this process for the time of one command, on free ports; its data goes with it, its log lies there too. */
public final class SoloNode implements AutoCloseable {
  private final Node node;
  private final Path data;

  private SoloNode(Node node, Path data) {
    this.node = node;
    this.data = data;
  }

  /** @param settings beside those of ports and data directory */
  public static SoloNode start(Config settings) throws IOException {
    Path data = Files.createTempDirectory("agentos-run");
    System.setProperty("agentos.log.file", log(data).toString());
    System.setProperty("agentos.log.to", "FILE");
    muteScala();
    List<Integer> ports = freePorts(3);
    Node node = NodeBoot.start(ConfigFactory.parseMap(Map.of(
            "llmagentos.node.data-dir", data.toString(),
            "llmagentos.node.artery-port", ports.get(0),
            "llmagentos.http.port", ports.get(1),
            "llmagentos.http.management-port", ports.get(2)))
        .withFallback(settings));
    return new SoloNode(node, data);
  }

  /** Scala's console keeps the stream that it finds at its first use. Libraries print to it while a node stops; the terminal is the user's. */
  private static void muteScala() {
    PrintStream terminal = System.out;
    System.setOut(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8));
    scala.Console.out();
    System.setOut(terminal);
  }

  public Node node() {
    return node;
  }

  /** Its log, until it is closed. */
  public Path log() {
    return log(data);
  }

  private static Path log(Path data) {
    return data.resolve("node.log");
  }

  /** Of its door. */
  public int port() {
    return node.door().getPort();
  }

  @Override
  public void close() {
    try {
      node.stop().toCompletableFuture().get(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException late) {
      System.err.println("the node did not stop in time: " + late);
    }
    try (Stream<Path> files = Files.walk(data)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException left) {
      System.err.println("left behind: " + data);
    }
  }

  private static List<Integer> freePorts(int count) throws IOException {
    List<ServerSocket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
      }
      return sockets.stream().map(ServerSocket::getLocalPort).toList();
    } finally {
      for (ServerSocket socket : sockets) {
        socket.close();
      }
    }
  }
}
