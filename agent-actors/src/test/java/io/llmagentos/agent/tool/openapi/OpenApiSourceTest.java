package io.llmagentos.agent.tool.openapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.llmagentos.agent.tool.ScriptedTool;
import io.llmagentos.agent.tool.Tool;
import io.llmagentos.agent.tool.ToolHost;
import io.llmagentos.agent.tool.ToolRefusal;
import io.llmagentos.agent.tool.ToolRequest;
import io.llmagentos.agent.tool.ToolResult;
import io.llmagentos.agent.tool.ToolSettings;
import io.llmagentos.node.error.AgentOsException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OpenApiSourceTest {
  private static final Path DOCUMENT = Path.of("src/test/resources/openapi/shop.yaml");
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /** A request as it arrived. */
  record Arrived(String method, String uri, Map<String, List<String>> headers, String body) {
    String header(String name) {
      return String.join(",", headers.getOrDefault(name, List.of()));
    }
  }

  private final Queue<Arrived> arrived = new ConcurrentLinkedQueue<>();
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private volatile int status = 200;
  private volatile String answer = "{\"total\":5}";
  /** What a response goes on with for ever; empty: it has an end. */
  private volatile String endless = "";
  /** Between two of them. */
  private volatile long pauseMillis;
  /** Endless responses that their client has had enough of. */
  private final AtomicInteger left = new AtomicInteger();

  private HttpServer http;
  private OpenApiSource source;

  @BeforeEach
  void start() throws IOException {
    http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    http.setExecutor(threads);
    http.createContext("/", this::handle);
    http.start();
    source = OpenApiSource.start(settings(DOCUMENT.toString(), ""));
  }

  @AfterEach
  void stop() {
    stopped.countDown();
    source.close();
    http.stop(0);
    threads.shutdownNow();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      arrived.add(new Arrived(
          exchange.getRequestMethod(),
          exchange.getRequestURI().toString(),
          Map.copyOf(exchange.getRequestHeaders()),
          body));
      if (status == 0) {
        stopped.await();
      }
      if (!endless.isEmpty()) {
        flood(exchange);
      }
      exchange.getResponseHeaders().add("Location", "/api/v1/orders");
      byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(status, status == 204 ? -1 : bytes.length);
      if (status != 204) {
        exchange.getResponseBody().write(bytes);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void flood(HttpExchange exchange) throws IOException, InterruptedException {
    exchange.sendResponseHeaders(200, 0);
    byte[] bytes = endless.getBytes(StandardCharsets.UTF_8);
    try {
      while (!stopped.await(pauseMillis, TimeUnit.MILLISECONDS)) {
        exchange.getResponseBody().write(bytes);
        exchange.getResponseBody().flush();
      }
    } catch (IOException enough) {
      left.incrementAndGet();
      throw enough;
    }
  }

  private String url(String path) {
    return "http://127.0.0.1:" + http.getAddress().getPort() + path;
  }

  private static Config section(String entry) {
    return ConfigFactory.parseString("llmagentos.agent.tools." + entry)
        .withFallback(ConfigFactory.defaultReference())
        .getConfig("llmagentos.agent.tools");
  }

  private OpenApiSettings settings(String document, String more) {
    return OpenApiSettings.all(section("""
        openapi.shop { document = "%s", server = "%s", headers { X-Api-Key = secret } %s }""".formatted(document, url("/api/v1/"), more)))
        .getFirst();
  }

  private Tool tool(String operation) {
    return source.find("shop__" + operation).orElseThrow();
  }

  private Tool hosted(String operation) {
    ToolHost host = new ToolHost(
        List.of(source),
        ToolSettings.create(section("attempts = 1")),
        Clock.systemUTC(),
        new Random(1));
    return host.find("shop__" + operation).orElseThrow();
  }

  private static ToolRequest request(String arguments) {
    return ScriptedTool.request(arguments, Instant.now(), PATIENCE);
  }

  @Test
  void shouldMakeAToolOfEachOperationThatCanBeOne() throws Exception {
    assertThat(source.tools())
        .extracting(tool -> tool.specification().name())
        .satisfiesExactly(
            name -> assertThat(name).isEqualTo("shop__getOrder"),
            name -> assertThat(name).startsWith("shop__cancel_order_"),
            name -> assertThat(name).isEqualTo("shop__refund"),
            name -> assertThat(name).isEqualTo("shop__patch_orders"));
    assertThat(OpenApiDocument.parse(Files.readString(DOCUMENT)).leftOut())
        .satisfiesExactly(
            reason -> assertThat(reason).contains("POST /upload", "not JSON"),
            reason -> assertThat(reason).contains("GET /elsewhere", "127.0.0.1:1/schema.json"));
    assertThat(tool("getOrder").specification().description()).isEqualTo("One order.");
    assertThat(tool("getOrder").traits().readOnly()).isTrue();
    assertThat(source.tools().get(1).traits().repeatable()).isTrue();
    assertThat(source.tools().get(1).traits().readOnly()).isFalse();
    assertThat(tool("refund").traits().repeatable()).isTrue();
    assertThat(tool("patch_orders").traits().repeatable()).isFalse();
  }

  @Test
  void shouldPutArgumentsWhereTheyBelong() throws Exception {
    ToolResult result = hosted("getOrder").call(request("""
        {"id":"a b","id_query":7,"fields":["x","y&z"],"tags":["p","q,r"],"filter":{"k":"v"},
         "where":{"n":1},"X-Reason":"why not","visit":"v1"}"""));
    assertThat(result).isEqualTo(new ToolResult("{\"total\":5}", "{\"total\":5}", false));
    assertThat(arrived).singleElement().satisfies(request -> {
      assertThat(request.method()).isEqualTo("GET");
      assertThat(request.uri())
          .isEqualTo("/api/v1/orders/a%20b?fields=x&fields=y%26z&tags=p,q%2Cr"
              + "&filter%5Bk%5D=v&where=%7B%22n%22%3A1%7D&id=7");
      assertThat(request.header("X-reason")).isEqualTo("why not");
      assertThat(request.header("Cookie")).isEqualTo("visit=v1");
      assertThat(request.header("X-api-key")).isEqualTo("secret");
    });
  }

  @Test
  void shouldNotLetArgumentsChooseWhereACallGoesOrWhoMakesIt() throws Exception {
    Tool getOrder = hosted("getOrder");
    getOrder.call(request("{\"id\":\"../../admin?x=1#y\",\"X-Api-Key\":\"stolen\"}"));
    assertThat(arrived).singleElement().satisfies(request -> {
      assertThat(request.uri()).isEqualTo("/api/v1/orders/..%2F..%2Fadmin%3Fx%3D1%23y");
      assertThat(request.header("X-api-key")).isEqualTo("secret");
    });
    for (String bad : List.of(
        "{\"id\":\"..\"}",
        "{\"id\":\"\"}",
        "{\"id\":\"1\",\"X-Reason\":\"a\\r\\nX-Evil: b\"}",
        "{\"id\":\"1\",\"Authorization\":\"Bearer x\"}",
        "{\"id\":\"1\",\"server\":\"http://evil.example\"}")) {
      assertThatThrownBy(() -> getOrder.call(request(bad))).as(bad).isInstanceOf(ToolRefusal.class);
    }
    assertThat(arrived).hasSize(1);
  }

  @Test
  void shouldSendTheBodyUnderTheKey() throws Exception {
    status = 201;
    hosted("refund").call(request("{\"body\":{\"total\":3,\"note\":null,\"owner\":\"Ann\"}}"));
    assertThat(arrived).singleElement().satisfies(request -> {
      assertThat(request.header("Idempotency-key")).isEqualTo("key-1");
      assertThat(request.header("Content-type")).isEqualTo("application/json");
      assertThat(request.body()).isEqualTo("{\"total\":3,\"note\":null,\"owner\":\"Ann\"}");
    });
    for (String bad : List.of(
        "{}",
        "{\"body\":{\"total\":0}}",
        "{\"body\":{\"total\":1,\"parts\":[{\"total\":-1}]}}",
        "{\"body\":{\"total\":1,\"owner\":\"A\"}}")) {
      assertThatThrownBy(() -> hosted("refund").call(request(bad)))
          .as(bad)
          .isInstanceOf(ToolRefusal.class)
          .hasMessageContaining("do not fit its schema");
    }
  }

  @Test
  void shouldTellWhetherAFailedCallHadAnEffect() {
    Tool patch = tool("patch_orders");
    ToolRequest request = request("{}");
    answer = "sold out";
    status = 409;
    assertThatThrownBy(() -> patch.call(request))
        .isInstanceOf(ToolRefusal.class)
        .hasMessageContaining("409: sold out")
        .hasNoCause();
    status = 429;
    assertThatThrownBy(() -> patch.call(request))
        .isInstanceOf(ToolRefusal.class)
        .hasCauseInstanceOf(IOException.class);
    for (int unknown : List.of(302, 408, 500, 503)) {
      status = unknown;
      assertThatThrownBy(() -> patch.call(request))
          .isInstanceOf(IOException.class)
          .hasMessageContaining(Integer.toString(unknown));
    }
    assertThat(arrived).as("no redirect is followed").hasSize(6);

    http.stop(0);
    assertThatThrownBy(() -> patch.call(request))
        .isInstanceOf(ToolRefusal.class)
        .hasMessageContaining("cannot be reached")
        .hasCauseInstanceOf(IOException.class);
  }

  @Test
  void shouldGiveUpAServerThatHangsOrFloods() {
    source = OpenApiSource.start(
        settings(DOCUMENT.toString(), ", timeout = 500ms, max-response = 2 KiB"));
    status = 0;
    assertThatThrownBy(() -> hosted("patch_orders").call(request("{}")))
        .isInstanceOfAny(TimeoutException.class, HttpTimeoutException.class);
    source = OpenApiSource.start(settings(DOCUMENT.toString(), ", max-response = 2 KiB"));
    status = 200;
    answer = "x".repeat(100_000);
    assertThatThrownBy(() -> hosted("patch_orders").call(request("{}")))
        .isInstanceOf(IOException.class)
        .isNotInstanceOf(ToolRefusal.class);
  }

  @Test
  void shouldLeaveAResponseWithoutAnEnd() {
    endless = "x".repeat(1000);
    source = OpenApiSource.start(settings(DOCUMENT.toString(), ", max-response = 64 KiB"));
    assertThatThrownBy(() -> hosted("patch_orders").call(request("{}")))
        .isInstanceOf(IOException.class);
    await("it is not read any more").atMost(PATIENCE).until(() -> left.get() == 1);

    pauseMillis = 20;
    source.close();
    source = OpenApiSource.start(settings(DOCUMENT.toString(), ", timeout = 500ms"));
    assertThatThrownBy(() -> hosted("patch_orders").call(request("{}")))
        .isInstanceOfAny(TimeoutException.class, HttpTimeoutException.class);
    await("nor is one that trickles").atMost(PATIENCE).until(() -> left.get() == 2);
  }

  @Test
  void shouldAskAgainForADocumentThatTrickles() throws Exception {
    endless = "openapi: ";
    pauseMillis = 20;
    answer = Files.readString(DOCUMENT);
    try (OpenApiSource fetched =
        OpenApiSource.start(settings(url("/openapi.yaml"), ", timeout = 500ms"))) {
      await("it was given up").atMost(PATIENCE).until(() -> left.get() > 0);
      endless = "";
      await("it is there").atMost(PATIENCE).until(() -> fetched.tools().size() == 4);
    }
  }

  @Test
  void shouldSayWhenAServerLiesAboutItsResults() throws Exception {
    answer = "{\"total\":\"five\"}";
    ToolResult lie = hosted("getOrder").call(request("{\"id\":\"1\"}"));
    assertThat(lie.error()).isTrue();
    assertThat(lie.text()).contains("not what it declares", "/total");

    source = OpenApiSource.start(settings(DOCUMENT.toString(), ", check-results = off"));
    assertThat(hosted("getOrder").call(request("{\"id\":\"1\"}")).structured()).isEqualTo(answer);
  }

  @Test
  void shouldFetchADocumentThatComesLater() throws Exception {
    status = 503;
    answer = Files.readString(DOCUMENT);
    try (OpenApiSource fetched = OpenApiSource.start(settings(url("/openapi.yaml"), ""))) {
      await("it was asked for").atMost(PATIENCE).until(() -> !arrived.isEmpty());
      Tool expected = fetched.find("shop__getOrder").orElseThrow();
      assertThatThrownBy(() -> expected.call(request("{}")))
          .isInstanceOf(ToolRefusal.class)
          .hasMessageContaining("its document");
      status = 200;
      await("it is there").atMost(PATIENCE).until(() -> fetched.tools().size() == 4);
      assertThat(fetched.find("shop__nothing")).isEmpty();
    }
  }

  @Test
  void shouldRefuseWhatIsNoDocument(@TempDir Path directory) throws IOException {
    for (Map.Entry<String, String> bad : Map.of(
            "openapi: 3.0.3", "3.0.3",
            "openapi: 3.1.0\nservers: [{url: /only/a/path}]", "server",
            "{\"openapi\":", "neither JSON nor YAML")
        .entrySet()) {
      Path file = Files.writeString(directory.resolve("bad.yaml"), bad.getKey());
      OpenApiSettings settings = OpenApiSettings.all(
              section("openapi.bad { document = \"" + file + "\" }"))
          .getFirst();
      assertThatThrownBy(() -> OpenApiSource.start(settings))
          .isInstanceOf(AgentOsException.class)
          .hasMessageContaining("llmagentos.agent.tools.openapi.bad.document")
          .hasMessageContaining(bad.getValue());
    }
    assertThatThrownBy(() -> OpenApiSource.start(settings("/does/not/exist.yaml", "")))
        .isInstanceOf(AgentOsException.class)
        .hasMessageContaining("/does/not/exist.yaml");
    assertThatThrownBy(() -> OpenApiSettings.all(section("openapi.x { documnt = y }")))
        .hasMessageContaining("did you mean llmagentos.agent.tools.openapi.x.document?");
  }
}
