package io.llmagentos.agent.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.llmagentos.node.Node;
import io.llmagentos.node.boot.NodeBoot;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** A node with a scripted model in this process, on free ports, and an HTTP client that hides nothing. */
public final class RunningNode implements BeforeAllCallback, AfterAllCallback {
  static final ObjectMapper JSON = new ObjectMapper();

  private static final String SETTINGS = """
      llmagentos.agent { model = scripted, zone = "Europe/Berlin", definitions = "src/test/resources/agents", tool-timeout = 2s, retry-window = 4s, approval-expiry = 1h }
      llmagentos.model.nano = off
      llmagentos.model.models.scripted {
        kind = scripted
        rules = [
          { when = "^ask the shop to (?<message>.*)", call = ask_shop }
          { when = "^ask front to (?<message>.*)", call = ask_front }
          { when = "^hand me over", call = hand_off_to_planner }
          { when = "^hand me back", call = hand_off_to_front }
          { when = "^hand me back", round = 2, text = "Bye." }
          { when = "wake me up at (?<time>.*) on (?<date>.*)", call = alarm_set }
          { when = "what alarms", call = alarm_query }
          { when = "please hang", call = hang }
          { when = "look up (?<order>\\\\w+)", call = look_up }
          { when = "charge (?<order>\\\\w+)", call = charge }
          { when = "refund (?<order>\\\\w+)", calls = [
              { name = look_up }
              { name = refund, arguments = "{\\"order\\":\\"${order}\\",\\"amount\\":20}" }
            ] }
          { when = "everything for (?<order>\\\\w+)", calls = [{ name = look_up }, { name = charge }, { name = refund }] }
          { when = "(refund|charge|everything)", round = 2, results = "(?<result>(refund|charge) of .*|error: .*|\\\\(a person changed .*)", text = "So: ${result}." }
          { when = "look up", round = 2, results = "(?<result>.+)", text = "So: ${result}." }
          { when = "(?<order>\\\\w+) by plan", calls = [{ name = plan, arguments = "{\\"steps\\":[\
              {\\"id\\":\\"give\\",\\"tool\\":\\"refund\\",\\"arguments\\":{\\"order\\":\\"${order}\\"},\\"after\\":[\\"take\\"]},\
              {\\"id\\":\\"take\\",\\"tool\\":\\"charge\\",\\"arguments\\":{\\"order\\":\\"${order}\\",\\"amount\\":{\\"$from\\":\\"look\\"}}},\
              {\\"id\\":\\"look\\",\\"tool\\":\\"look_up\\",\\"arguments\\":{\\"order\\":\\"${order}\\"}}]}" }] }
          { when = "sold\\\\w* by plan", round = 2, results = "look .look_up.: error: order (?<sold>\\\\w+) is sold out", calls = [
              { name = plan, arguments = "{\\"steps\\":[{\\"id\\":\\"instead\\",\\"tool\\":\\"charge\\",\\"arguments\\":{\\"order\\":\\"other\\"}}]}" }] }
          { when = "by plan", round = 3, results = "instead .charge.: (?<result>.+)", text = "So: ${result}." }
          { when = "by plan", round = 2, results = "give .refund.: (?<result>.+)", text = "So: ${result}." }
          { when = "please throw", call = throw_up }
          { when = "weather in (?<city>\\\\w+)", call = get_weather }
          { when = "^hello", text = "Hello there, how are you?" }
          { when = "at length", text = "w1 w2 w3 w4 w5 w6 w7 w8 w9 w10 w11 w12 w13 w14 w15 w16 w17 w18 w19 w20 w21 w22 w23 w24", delay = 400ms }
          { when = "slowly", text = "one two three four five six seven eight nine ten", delay = 300ms }
          { when = "never", text = "never", delay = 1h }
          { when = "break off", text = "so far and no ", fail = model_failed, delay = 50ms }
          { when = "too long", fail = context_length_exceeded }
          { when = "too many", fail = queue_full }
        ]
      }
      pekko.loglevel = WARNING
      """;

  private final String settings;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final Clock clock;
  private @Nullable Path data;
  private @Nullable Node node;

  /** @param settings HOCON above the fixture's own */
  public RunningNode(String settings) {
    this(settings, Clock.systemUTC());
  }

  RunningNode(String settings, Clock clock) {
    this.settings = settings;
    this.clock = clock;
  }

  @Override
  public void beforeAll(ExtensionContext context) throws IOException {
    start();
  }

  /** For tests that start and stop it themselves. */
  RunningNode start() throws IOException {
    data = Files.createTempDirectory(Files.createDirectories(Path.of("target/nodes")), "node");
    return startAgain();
  }

  /** After {@link #stop}, with what it knew. */
  RunningNode startAgain() throws IOException {
    List<Integer> ports = freePorts(3);
    Config config = ConfigFactory.parseString(settings)
        .withFallback(ConfigFactory.parseString(
            """
            llmagentos.node { data-dir = "%s", artery-port = %d }
            llmagentos.http { port = %d, management-port = %d }
            """.formatted(data, ports.get(0), ports.get(1), ports.get(2))))
        .withFallback(ConfigFactory.parseString(SETTINGS));
    node = NodeBoot.start(config, Optional.empty(), clock);
    return this;
  }

  @Override
  public void afterAll(ExtensionContext context) throws Exception {
    stop();
  }

  void stop() throws Exception {
    node().stop().toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  public Node node() {
    return Objects.requireNonNull(node, "started");
  }

  URI door() {
    return node().door();
  }

  RecordedModels models() {
    return node().service(RecordedModels.class);
  }

  /** An answer: its status, its body, its headers. */
  record Answer(int status, String body, HttpResponse<?> response) {
    JsonNode json() {
      try {
        return JSON.readTree(body);
      } catch (IOException e) {
        throw new UncheckedIOException(body, e);
      }
    }

    JsonNode error() {
      return json().path("error");
    }

    String code() {
      return error().path("code").asText();
    }

    String header(String name) {
      return response.headers().firstValue(name).orElse("");
    }
  }

  Answer get(String path, String... headers) throws IOException, InterruptedException {
    return send(request(path, headers).GET().build());
  }

  Answer post(String path, String body, String... headers)
      throws IOException, InterruptedException {
    return send(
        request(path, headers).POST(HttpRequest.BodyPublishers.ofString(body)).build());
  }

  Answer complete(String body, String... headers) throws IOException, InterruptedException {
    return post("/v1/chat/completions", body, headers);
  }

  /** The data of each server-sent event, read until the stream ends or the predicate has what it wants. */
  List<String> stream(HttpRequest request, Predicate<String> last)
      throws IOException, InterruptedException {
    List<String> data = new ArrayList<>();
    var response = http.send(request, BodyHandlers.ofLines());
    assertThat(response.statusCode()).isEqualTo(200);
    try (var lines = response.body()) {
      for (var each = lines.iterator(); each.hasNext(); ) {
        String line = each.next();
        if (line.startsWith("data: ")) {
          data.add(line.substring(6));
          if (last.test(line.substring(6))) {
            break;
          }
        }
      }
    }
    return data;
  }

  List<JsonNode> chunks(String body) throws IOException, InterruptedException {
    List<JsonNode> chunks = new ArrayList<>();
    for (String data : stream(streaming(body), data -> false)) {
      chunks.add(
          data.equals("[DONE]") ? JSON.getNodeFactory().textNode(data) : JSON.readTree(data));
    }
    return chunks;
  }

  HttpRequest streaming(String body) {
    return request("/v1/chat/completions")
        .POST(HttpRequest.BodyPublishers.ofString(body))
        .build();
  }

  HttpRequest.Builder request(String path, String... headers) {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(door() + path))
        .timeout(Duration.ofSeconds(30))
        .header("Content-Type", "application/json");
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    return request;
  }

  Answer send(HttpRequest request) throws IOException, InterruptedException {
    var response = http.send(request, BodyHandlers.ofString());
    return new Answer(response.statusCode(), response.body(), response);
  }

  HttpClient client() {
    return http;
  }

  private static List<Integer> freePorts(int count) throws IOException {
    List<ServerSocket> sockets = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
    }
    List<Integer> ports = sockets.stream().map(ServerSocket::getLocalPort).toList();
    for (ServerSocket socket : sockets) {
      socket.close();
    }
    return ports;
  }
}
