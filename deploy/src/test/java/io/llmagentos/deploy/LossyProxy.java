package io.llmagentos.deploy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** Passes requests on to a door, and loses the first answer after the door has given it. */
final class LossyProxy implements AutoCloseable {
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final AtomicInteger requests = new AtomicInteger();
  private final HttpServer server;
  private final String door;

  LossyProxy(String door) throws IOException {
    this.door = door;
    this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::pass);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.start();
  }

  String door() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** Requests that came so far. */
  int requests() {
    return requests.get();
  }

  private void pass(HttpExchange exchange) {
    try (exchange) {
      var request = HttpRequest.newBuilder(URI.create(door + exchange.getRequestURI()))
          .header("Content-Type", "application/json")
          .method(
              exchange.getRequestMethod(),
              HttpRequest.BodyPublishers.ofByteArray(exchange.getRequestBody().readAllBytes()))
          .build();
      var response = http.send(request, BodyHandlers.ofByteArray());
      if (requests.incrementAndGet() == 1) {
        return;
      }
      exchange.getResponseHeaders().add("Content-Type", "application/json");
      exchange.sendResponseHeaders(response.statusCode(), response.body().length);
      exchange.getResponseBody().write(response.body());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    server.stop(0);
    http.close();
  }
}
