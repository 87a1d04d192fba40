package io.llmagentos.deploy;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * What nodes send each other goes through here: each node's canonical Artery port is a proxy of this process, in front of the port that the node has
 * bound. A node's own connections come from a loopback address of its own, so that a proxy knows who speaks.
 *
 * <p>An isolated node is cut off in both directions: neither bytes to it from other nodes nor bytes from it to others pass, on connections that are
 * open as on new ones. Every port goes on accepting, nothing is refused or reset, and what was sent arrives after healing. HTTP doors, management ports
 * and the journal's database are not part of this network: the isolated node can still write, and clients can still reach it.
 */
final class CuttableNetwork implements BeforeAllCallback, AfterAllCallback {
  private static final int NOBODY = -1;
  private static final int FIRST_HOST = 10;

  private final NodeProcesses nodes;
  private final List<Closeable> sockets = new CopyOnWriteArrayList<>();
  private int isolated = NOBODY;

  CuttableNetwork(NodeProcesses nodes) {
    this.nodes = nodes;
  }

  /** What a node must know to be part of this network. */
  static String settings(NodeProcesses nodes, int node) {
    return """
        llmagentos.node.bind-port = %d
        pekko.remote.artery.advanced.tcp.outbound-client-hostname = "127.0.0.%d"
        """.formatted(nodes.bindPort(node), FIRST_HOST + node);
  }

  @Override
  public void beforeAll(ExtensionContext context) throws IOException {
    for (int node : nodes.indexes()) {
      var server = new ServerSocket();
      sockets.add(server);
      server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), nodes.artery(node)));
      Thread.ofVirtual().start(() -> accept(server, node));
    }
  }

  @Override
  public void afterAll(ExtensionContext context) throws IOException {
    heal();
    for (var socket : sockets) {
      socket.close();
    }
  }

  synchronized void isolate(int node) {
    isolated = node;
  }

  synchronized void heal() {
    isolated = NOBODY;
    notifyAll();
  }

  private synchronized void awaitPassage(int from, int to) {
    while (isolated != NOBODY && (from == isolated) != (to == isolated)) {
      try {
        wait();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private void accept(ServerSocket server, int to) {
    try {
      while (true) {
        var client = server.accept();
        sockets.add(client);
        int from = client.getInetAddress().getAddress()[3] - FIRST_HOST;
        Thread.ofVirtual().start(() -> connect(client, from, to));
      }
    } catch (IOException closed) {
      // the end of the test
    }
  }

  private void connect(Socket client, int from, int to) {
    awaitPassage(from, to);
    try {
      var node = new Socket(InetAddress.getLoopbackAddress(), nodes.bindPort(to));
      sockets.add(node);
      Thread.ofVirtual().start(() -> pass(node, client, to, from));
      pass(client, node, from, to);
    } catch (IOException gone) {
      close(client);
    }
  }

  private void pass(Socket source, Socket sink, int from, int to) {
    var buffer = new byte[64 << 10];
    try (source;
        sink) {
      for (int read = source.getInputStream().read(buffer);
          read >= 0;
          read = source.getInputStream().read(buffer)) {
        awaitPassage(from, to);
        sink.getOutputStream().write(buffer, 0, read);
      }
      awaitPassage(from, to);
    } catch (IOException gone) {
      // either end has closed: so does the other
    }
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
