package io.llmagentos.deploy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** A model that does not say the same again, as a sampled one: it stops in the middle of its first answer, and in the middle of the next until it is told to go on. */
final class FickleModelServer implements AutoCloseable {
  static final String FIRST = "Roses are red, ";
  static final String SECOND = "Violets are blue.";

  private final HttpServer server;
  private final AtomicInteger asked = new AtomicInteger();
  private final CountDownLatch goOn = new CountDownLatch(1);
  private final CountDownLatch closed = new CountDownLatch(1);

  FickleModelServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/v1/chat/completions", this::answer);
    server.start();
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/v1";
  }

  void goOn() {
    goOn.countDown();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      exchange.getRequestBody().readAllBytes();
      exchange.getResponseHeaders().add("Content-Type", "text/event-stream");
      exchange.sendResponseHeaders(200, 0);
      if (asked.incrementAndGet() == 1) {
        say(exchange, FIRST, "null");
        closed.await();
      } else {
        int middle = SECOND.indexOf(' ');
        say(exchange, SECOND.substring(0, middle), "null");
        goOn.await();
        say(exchange, SECOND.substring(middle), "null");
        say(exchange, "", "\"stop\"");
        exchange.getResponseBody().write("data: [DONE]\n\n".getBytes(StandardCharsets.UTF_8));
      }
    } catch (InterruptedException ended) {
      Thread.currentThread().interrupt();
    }
  }

  private static void say(HttpExchange exchange, String text, String finishReason)
      throws IOException {
    var chunk = """
        data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"fickle","choices":[{"index":0,"delta":{"content":"%s"},"finish_reason":%s}]}

        """.formatted(text, finishReason);
    var out = exchange.getResponseBody();
    out.write(chunk.getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  @Override
  public void close() {
    closed.countDown();
    goOn.countDown();
    server.stop(0);
  }
}
