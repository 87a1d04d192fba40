package io.llmagentos.agent.tool.mcp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** An MCP server over streamable HTTP that behaves as badly as it is told to. */
final class FakeMcpServer implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** How a call is answered: a JSON-RPC object without its id, or null to say nothing until the server is closed. */
  interface Calls {
    @Nullable
    String answer(JsonNode params);
  }

  /** A call as it arrived. */
  record Call(
      JsonNode params, @Nullable String protocol, @Nullable String authorization) {}

  final Queue<Call> calls = new ConcurrentLinkedQueue<>();
  volatile String tools;
  volatile Calls answers;
  volatile String revision = "2025-11-25";
  /** Said before the next call's answer. */
  volatile String notification = "";

  /** Of each page of its list; empty: there is but one. */
  volatile String nextCursor = "";
  /** What a call is answered with, again and again, instead of an answer; empty: with an answer. */
  volatile String endless = "";
  /** Handshakes. */
  final AtomicInteger connections = new AtomicInteger();
  /** Endless answers that their client has had enough of. */
  final AtomicInteger left = new AtomicInteger();

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final HttpServer http;

  FakeMcpServer(int port, String tools, Calls answers) throws IOException {
    this.tools = tools;
    this.answers = answers;
    http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    http.setExecutor(threads);
    http.createContext("/mcp", this::handle);
    http.start();
  }

  static String result(String text) {
    return "{\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"%s\"}]}}".formatted(text);
  }

  int port() {
    return http.getAddress().getPort();
  }

  String url() {
    return "http://127.0.0.1:" + port() + "/mcp";
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      if (!exchange.getRequestMethod().equals("POST")) {
        exchange.sendResponseHeaders(405, -1);
        return;
      }
      JsonNode request = JSON.readTree(exchange.getRequestBody());
      if (!request.has("id")) {
        exchange.sendResponseHeaders(202, -1);
        return;
      }
      if (!endless.isEmpty() && request.path("method").asText().equals("tools/call")) {
        flood(exchange, endless);
      }
      String answer = answer(exchange, request);
      if (answer == null) {
        closed.await();
        return;
      }
      ObjectNode body = (ObjectNode) JSON.readTree(answer);
      body.put("jsonrpc", "2.0").set("id", request.path("id"));
      send(exchange, body.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private @Nullable String answer(HttpExchange exchange, JsonNode request) {
    return switch (request.path("method").asText()) {
      case "initialize" -> {
        connections.incrementAndGet();
        yield """
            {"result":{"protocolVersion":"%s","capabilities":{"tools":{"listChanged":true}},
              "serverInfo":{"name":"fake","version":"1"}}}""".formatted(revision);
      }
      case "ping" -> "{\"result\":{}}";
      case "tools/list" ->
        "{\"result\":{\"tools\":" + tools
            + (nextCursor.isEmpty() ? "" : ",\"nextCursor\":\"" + nextCursor + "\"") + "}}";
      case "tools/call" -> {
        var headers = exchange.getRequestHeaders();
        calls.add(new Call(
            request.path("params"),
            headers.getFirst("MCP-Protocol-Version"),
            headers.getFirst("Authorization")));
        yield answers.answer(request.path("params"));
      }
      default -> "{\"error\":{\"code\":-32601,\"message\":\"unknown method\"}}";
    };
  }

  /** Of events if it looks like one. */
  private void flood(HttpExchange exchange, String what) throws IOException {
    exchange
        .getResponseHeaders()
        .add("Content-Type", what.startsWith("event") ? "text/event-stream" : "application/json");
    exchange.sendResponseHeaders(200, 0);
    byte[] bytes = what.getBytes(StandardCharsets.UTF_8);
    try {
      while (true) {
        exchange.getResponseBody().write(bytes);
      }
    } catch (IOException enough) {
      left.incrementAndGet();
      throw enough;
    }
  }

  private void send(HttpExchange exchange, String body) throws IOException {
    String told = notification;
    boolean stream = !told.isEmpty() && body.contains("content");
    String text = stream ? event(told) + event(body) : body;
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    exchange
        .getResponseHeaders()
        .add("Content-Type", stream ? "text/event-stream" : "application/json");
    exchange.sendResponseHeaders(200, bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  static String event(String data) {
    return "event: message\ndata: " + data + "\n\n";
  }

  @Override
  public void close() {
    closed.countDown();
    http.stop(0);
    threads.shutdownNow();
  }
}
