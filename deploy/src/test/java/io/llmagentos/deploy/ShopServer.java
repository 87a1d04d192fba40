package io.llmagentos.deploy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/** The shop that {@link ShopTool}s act on. It does whatever it is asked, as often as it is asked, and counts. */
final class ShopServer implements AutoCloseable {
  private final HttpServer server;
  private final List<String> asked = new CopyOnWriteArrayList<>();
  private volatile @Nullable CountDownLatch held;

  ShopServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/", this::handle);
    server.start();
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** Answers of refunds are held back from now on, their effects are not. */
  void holdAnswers() {
    held = new CountDownLatch(1);
  }

  void release() {
    var latch = held;
    if (latch != null) {
      latch.countDown();
    }
  }

  /** What was done under this path: the bodies, in order. */
  List<String> done(String path) {
    return asked.stream()
        .filter(each -> each.startsWith(path + " "))
        .map(each -> each.substring(path.length() + 1))
        .toList();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      var path = exchange.getRequestURI().getPath();
      asked.add(path + " "
          + new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
      var latch = held;
      if (path.equals("/refund") && latch != null) {
        latch.await();
      }
      var answer = "done".getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(200, answer.length);
      exchange.getResponseBody().write(answer);
    } catch (InterruptedException ended) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    release();
    server.stop(0);
  }
}
