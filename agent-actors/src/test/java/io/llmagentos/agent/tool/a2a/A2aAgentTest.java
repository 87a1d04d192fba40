package io.llmagentos.agent.tool.a2a;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.typesafe.config.ConfigFactory;
import io.llmagentos.agent.tool.ScriptedTool;
import io.llmagentos.agent.tool.Tool;
import io.llmagentos.agent.tool.ToolHost;
import io.llmagentos.agent.tool.ToolRefusal;
import io.llmagentos.agent.tool.ToolRequest;
import io.llmagentos.agent.tool.ToolResult;
import io.llmagentos.agent.tool.ToolSettings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class A2aAgentTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Queue<JsonNode> requests = new ConcurrentLinkedQueue<>();
  private final Queue<String> results = new ConcurrentLinkedQueue<>();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private volatile String card = "";
  private volatile String authorization = "";
  private HttpServer http;

  @BeforeEach
  void start() throws IOException {
    http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    http.setExecutor(threads);
    http.createContext("/", this::handle);
    http.start();
    card = """
        {"name":"clerk","description":"Sells.","url":"%s","skills":[{"id":"s","name":"sell","description":"Sell a thing"}]}""".formatted(url("/rpc"));
  }

  @AfterEach
  void stop() {
    http.stop(0);
    threads.shutdownNow();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] body = exchange.getRequestBody().readAllBytes();
      String answer = card;
      int status = 200;
      if (exchange.getRequestMethod().equals("POST")) {
        authorization = String.valueOf(exchange.getRequestHeaders().getFirst("Authorization"));
        requests.add(JSON.readTree(body));
        String next = results.size() > 1 ? results.remove() : results.element();
        status = next.startsWith("{") ? 200 : Integer.parseInt(next);
        answer = next.replaceFirst("^\\{", "{\"jsonrpc\":\"2.0\",\"id\":\"1\",");
      }
      byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(status, bytes.length);
      exchange.getResponseBody().write(bytes);
    }
  }

  private String url(String path) {
    return "http://127.0.0.1:" + http.getAddress().getPort() + path;
  }

  private A2aSettings settings(String more) {
    return A2aSettings.all(ConfigFactory.parseString(
                "llmagentos.agent.tools.a2a.far { url = \"%s\", headers { Authorization = secret }\n %s }"
                    .formatted(url(""), more))
            .withFallback(ConfigFactory.defaultReference())
            .getConfig("llmagentos.agent.tools"))
        .getFirst();
  }

  private static ToolHost host(A2aAgent agent) {
    return new ToolHost(
        List.of(agent),
        ToolSettings.create(ConfigFactory.parseString("attempts = 1")
            .withFallback(ConfigFactory.defaultReference().getConfig("llmagentos.agent.tools"))),
        Clock.systemUTC(),
        new Random(1));
  }

  private static Tool known(ToolHost host) {
    await("the card").atMost(PATIENCE).until(() -> !host.tools().isEmpty());
    return host.find("far__ask").orElseThrow();
  }

  private static ToolRequest request(String arguments) {
    return ScriptedTool.request(arguments, Instant.now(), PATIENCE);
  }

  private static String task(String state, String more) {
    return "{\"result\":{\"kind\":\"task\",\"id\":\"t1\",\"contextId\":\"c1\",\"status\":{\"state\":\""
        + state + "\"}" + more + "}}";
  }

  @Test
  void shouldAskAfterATaskUntilItHasEnded() throws Exception {
    results.addAll(
        List.of(
            task("submitted", ""),
            task("working", ""),
            "503",
            task(
                "completed",
                ",\"artifacts\":[{\"parts\":[{\"kind\":\"text\",\"text\":\"Sold.\"},{\"kind\":\"data\",\"data\":{\"n\":1}}]}]")));
    try (ToolHost host = host(A2aAgent.start(settings("")))) {
      Tool tool = known(host);
      assertThat(tool.specification().description())
          .isEqualTo("Say something to the agent 'clerk'. Sells. It can: Sell a thing.");
      assertThat(tool.traits().repeatable()).isFalse();
      ToolResult sold =
          tool.call(request("{\"message\":\"sell it\",\"conversation\":\"c1\",\"task\":\"t0\"}"));
      assertThat(sold.text()).isEqualTo("Sold.\n{\"n\":1}");
      assertThat(sold.error()).isFalse();
      assertThat(JSON.readTree(sold.structured()))
          .isEqualTo(
              JSON.readTree(
                  "{\"conversation\":\"c1\",\"task\":\"t1\",\"state\":\"completed\",\"answer\":\"Sold.\\n{\\\"n\\\":1}\"}"));
    }
    Queue<JsonNode> asked = new ArrayDeque<>(requests);
    JsonNode message = asked.remove().path("params").path("message");
    assertThat(message.path("messageId").asText()).isEqualTo("key-1");
    assertThat(message.path("contextId").asText()).isEqualTo("c1");
    assertThat(message.path("taskId").asText()).isEqualTo("t0");
    assertThat(asked).hasSize(3).allMatch(get -> get.path("method").asText().equals("tasks/get"));
    assertThat(authorization).isEqualTo("secret");
  }

  @Test
  void shouldTellWhatATaskWants() throws Exception {
    try (ToolHost host = host(A2aAgent.start(settings("")))) {
      Tool tool = known(host);
      results.add(
          "{\"result\":{\"kind\":\"message\",\"contextId\":\"c2\",\"parts\":[{\"kind\":\"text\",\"text\":\"Hi.\"}]}}");
      assertThat(tool.call(request("{\"message\":\"hello\"}")).text()).isEqualTo("Hi.");
      results.add(task("failed", ""));
      results.remove();
      assertThat(tool.call(request("{\"message\":\"fail\"}")))
          .returns(true, ToolResult::error)
          .returns("failed", ToolResult::text);
      results.add(
          "{\"result\":{\"kind\":\"task\",\"id\":\"t1\",\"contextId\":\"c1\",\"status\":{\"state\":\"input-required\",\"message\":{\"parts\":[{\"kind\":\"text\",\"text\":\"Which one?\"}]}}}}");
      results.remove();
      assertThat(tool.call(request("{\"message\":\"sell\"}")))
          .returns(false, ToolResult::error)
          .returns("Which one?", ToolResult::text);
    }
  }

  @Test
  void shouldTellWhetherAMessageWasTaken() {
    try (ToolHost host = host(A2aAgent.start(settings("")))) {
      Tool tool = known(host);
      for (String refused : List.of(
          task("rejected", ""), "403", "404", "{\"error\":{\"code\":-32602,\"message\":\"no\"}}")) {
        results.clear();
        results.add(refused);
        assertThatThrownBy(() -> tool.call(request("{\"message\":\"sell\"}")))
            .as(refused)
            .isInstanceOf(ToolRefusal.class)
            .hasMessageContaining("'far'");
      }
      for (String unknown :
          List.of("500", "{\"error\":{\"code\":-32603,\"message\":\"no\"}}", "{\"x\":1}")) {
        results.clear();
        results.add(unknown);
        assertThatThrownBy(() -> tool.call(request("{\"message\":\"sell\"}")))
            .as(unknown)
            .isInstanceOf(IOException.class);
      }
      assertThatThrownBy(() -> tool.call(request("{\"text\":\"sell\"}")))
          .isInstanceOf(ToolRefusal.class)
          .hasMessageContaining("message");
    }
  }

  @Test
  void shouldCancelWhatItGivesUp() {
    results.add(task("working", ""));
    try (ToolHost host = host(A2aAgent.start(settings("timeout = 1s")))) {
      Tool tool = known(host);
      assertThatThrownBy(() -> tool.call(request("{\"message\":\"sell\"}")))
          .isInstanceOf(TimeoutException.class);
      await("it is cancelled there")
          .atMost(PATIENCE)
          .until(() -> requests.stream()
              .anyMatch(each -> each.path("method").asText().equals("tasks/cancel")
                  && each.path("params").path("id").asText().equals("t1")));
    }
  }

  @Test
  void shouldSayWhyACardIsOfNoUse() {
    for (String[] bad : new String[][] {
      {
        "{\"name\":\"x\",\"url\":\"http://elsewhere.example/rpc\"}",
        "llmagentos.agent.tools.a2a.far.endpoint"
      },
      {
        "{\"name\":\"x\",\"url\":\"%s\",\"preferredTransport\":\"GRPC\"}".formatted(url("/rpc")),
        "only JSONRPC"
      },
      {"{}", "no name"},
      {"<html>", "not JSON"}
    }) {
      card = bad[0];
      try (A2aAgent agent = A2aAgent.start(settings(""))) {
        await(bad[0])
            .atMost(PATIENCE)
            .untilAsserted(() -> assertThatThrownBy(
                    () -> agent.find("far__ask").orElseThrow().call(request("{\"message\":\"x\"}")))
                .isInstanceOf(ToolRefusal.class)
                .hasMessageContaining(bad[1]));
        assertThat(agent.tools()).isEmpty();
      }
    }
    card = "{\"name\":\"x\",\"url\":\"http://elsewhere.example/rpc\"}";
    try (ToolHost host = host(A2aAgent.start(settings("endpoint = \"" + url("/rpc") + "\"")))) {
      assertThat(known(host).specification().name()).isEqualTo("far__ask");
    }
  }
}
