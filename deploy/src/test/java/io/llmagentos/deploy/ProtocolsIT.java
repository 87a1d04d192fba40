package io.llmagentos.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.ConfigFactory;
import io.llmagentos.agent.tool.Tool;
import io.llmagentos.agent.tool.ToolHost;
import io.llmagentos.agent.tool.ToolRefusal;
import io.llmagentos.agent.tool.ToolRequest;
import io.llmagentos.agent.tool.ToolResult;
import io.llmagentos.agent.tool.ToolSettings;
import io.llmagentos.agent.tool.ToolSource;
import io.llmagentos.agent.tool.a2a.A2aAgent;
import io.llmagentos.agent.tool.a2a.A2aSettings;
import io.llmagentos.agent.tool.mcp.McpServer;
import io.llmagentos.agent.tool.mcp.McpServerSettings;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.envelope.Provenance;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What others wrote: clients and a server of MCP and A2A, as they come from npm, and a jar with a subsystem, a tool and an agent. */
class ProtocolsIT {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final Path EXAMPLE = Path.of("examples/barista").toAbsolutePath();
  private static final String SETTINGS = """
      llmagentos.model.nano = off
      llmagentos.agent { model = scripted, zone = "Europe/Berlin", definitions = "%s" }
      llmagentos.agent.mcp.tools = [make_coffee]
      llmagentos.coffee.customer = early
      llmagentos.model.models.scripted {
        kind = scripted
        rules = [
          { when = "wake me up at (?<time>.*) on (?<date>.*)", call = alarm_set }
          { when = "what alarms", call = alarm_query }
          { when = "make a (?<kind>[a-z]+)", call = make_coffee }
          { when = "^hello", text = "Hello there, how are you?" }
        ]
      }
      """.formatted(EXAMPLE);

  @RegisterExtension
  static final LocalCluster CLUSTER =
      new LocalCluster("protocols", 1, SETTINGS).extended(UserJar.of(EXAMPLE), Map.of());

  private static final Path SCRIPTS = Path.of("src/test/js/protocols");
  private static final Path INSTALLED = Path.of("target/js-protocols");
  private static final Path A2A = INSTALLED.resolve("node_modules/@a2a-js/sdk/package.json");
  private static final Path EVERYTHING =
      INSTALLED.resolve("node_modules/@modelcontextprotocol/server-everything/dist/index.js");

  @BeforeAll
  static void install() throws IOException, InterruptedException {
    Files.createDirectories(INSTALLED);
    for (String script : List.of("package.json", "mcp.mjs", "a2a.mjs")) {
      Files.copy(
          SCRIPTS.resolve(script), INSTALLED.resolve(script), StandardCopyOption.REPLACE_EXISTING);
    }
    if (!Files.exists(EVERYTHING) || !Files.exists(A2A)) {
      run("npm", "install", "--no-audit", "--no-fund", "--no-package-lock");
    }
  }

  private static void run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command)
        .directory(INSTALLED.toFile())
        .redirectErrorStream(true)
        .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(3, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue())
        .as(String.join(" ", command) + "\n" + output)
        .isZero();
  }

  private static McpServer start(String entry) {
    return McpServer.start(McpServerSettings.all(
            ConfigFactory.parseString("llmagentos.agent.tools.mcp.everything { " + entry + " }")
                .withFallback(ConfigFactory.defaultReference())
                .getConfig("llmagentos.agent.tools"))
        .getFirst());
  }

  private static ToolHost host(ToolSource source) {
    return new ToolHost(
        List.of(source),
        ToolSettings.create(ConfigFactory.defaultReference().getConfig("llmagentos.agent.tools")),
        Clock.systemUTC(),
        new Random(1));
  }

  private static Tool tool(ToolHost host, String name) {
    return host.find("everything__" + name).orElseThrow();
  }

  private static ToolResult call(ToolHost host, String name, String arguments) throws Exception {
    return tool(host, name).call(request(arguments));
  }

  private static ToolRequest request(String arguments) {
    Context context = new Context(
        "local", "alice", Instant.now().plus(PATIENCE), "0".repeat(32), Provenance.PRINCIPAL);
    return new ToolRequest(context, "key-1", arguments);
  }

  private static void awaitAnswers(ToolHost host) {
    await("the server answers")
        .atMost(PATIENCE)
        .ignoreExceptions()
        .until(() -> call(host, "echo", "{\"message\":\"hi\"}").text().equals("Echo: hi"));
  }

  private static void useEverything(ToolHost host) throws Exception {
    assertThat(call(host, "get-sum", "{\"a\":2,\"b\":40}").text()).contains("42");
    assertThat(tool(host, "get-sum").traits().readOnly()).isTrue();
    assertThat(tool(host, "toggle-simulated-logging").traits().repeatable()).isFalse();
    ToolResult weather = call(host, "get-structured-content", "{\"location\":\"Chicago\"}");
    assertThat(weather.error()).isFalse();
    assertThat(weather.structured()).contains("\"temperature\"");
    assertThat(call(host, "get-tiny-image", "{}").text()).contains("[not shown: ");
    assertThatThrownBy(() -> call(host, "get-sum", "{\"a\":\"two\",\"b\":40}"))
        .isInstanceOf(ToolRefusal.class)
        .hasMessageContaining("/a");
  }

  @Test
  void shouldServeTheJavaScriptClientOfMcp() throws Exception {
    run("node", "mcp.mjs", CLUSTER.door(0) + "/mcp");
  }

  @Test
  void shouldServeTheJavaScriptClientOfA2a() throws Exception {
    run("node", "a2a.mjs", CLUSTER.door(0));
  }

  @Test
  void shouldRunAUsersJar() throws Exception {
    HttpRequest order = HttpRequest.newBuilder(
            URI.create(CLUSTER.door(0) + "/coffee/order-1/espresso"))
        .POST(HttpRequest.BodyPublishers.noBody())
        .build();
    try (HttpClient http = HttpClient.newHttpClient()) {
      for (int again = 0; again < 2; again++) {
        assertThat(http.send(order, HttpResponse.BodyHandlers.ofString()).body())
            .isEqualTo("One espresso, here you are.");
      }
    }
    assertThat(new Door(CLUSTER.door(0)).get("/v1/agents").path("data").findValuesAsText("id"))
        .contains("barista");
  }

  /** One platform asks another's agent: here the same one, through its own door. */
  @Test
  void shouldAskAnAgentOfAnotherPlatform() throws Exception {
    A2aSettings settings = A2aSettings.all(
            ConfigFactory.parseString("llmagentos.agent.tools.a2a.far { idempotent = on, url = \""
                    + CLUSTER.door(0) + "\" }")
                .withFallback(ConfigFactory.defaultReference())
                .getConfig("llmagentos.agent.tools"))
        .getFirst();
    try (ToolHost host = host(A2aAgent.start(settings))) {
      await("its card").atMost(PATIENCE).until(() -> !host.tools().isEmpty());
      Tool ask = host.find("far__ask").orElseThrow();
      assertThat(ask.specification().description()).contains("assistant");
      ToolRequest wake = request("{\"message\":\"wake me up at seven am on monday\"}");
      ToolResult once = ask.call(wake);
      assertThat(once.text()).contains("Monday");
      assertThat(ask.call(wake)).isEqualTo(once);
    }
  }

  @Test
  void shouldUseAServerOnItsStandardStreamsAndStartItAgain() throws Exception {
    try (ToolHost host = host(start("command = [node, \"" + EVERYTHING + "\", stdio]"))) {
      awaitAnswers(host);
      useEverything(host);
      Set<String> inherited = new HashSet<>(System.getenv().keySet());
      inherited.removeAll(List.of("HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER"));
      assertThat(call(host, "get-env", "{}").text())
          .contains("\"PATH\":")
          .doesNotContain(inherited.stream().map(name -> '"' + name + "\":").toList());

      ProcessHandle server = ProcessHandle.current()
          .children()
          .filter(child -> child.info().commandLine().orElse("").contains(EVERYTHING.toString()))
          .findFirst()
          .orElseThrow();
      server.destroyForcibly();
      await("its end").atMost(PATIENCE).until(() -> !server.isAlive());
      awaitAnswers(host);
    }
  }

  @Test
  void shouldUseAServerOverStreamableHttpAndFindItAgain() throws Exception {
    int port = Distribution.freeBasePort(1);
    Process first = everything(port);
    try (ToolHost host = host(start("url = \"http://127.0.0.1:" + port + "/mcp\""))) {
      awaitAnswers(host);
      useEverything(host);
      first.destroyForcibly().waitFor();
      // A call that was on its way when the server died is unknown; soon calls are refused.
      await("its end is noticed")
          .atMost(PATIENCE)
          .untilAsserted(
              () -> assertThatThrownBy(() -> call(host, "toggle-simulated-logging", "{}"))
                  .isInstanceOf(ToolRefusal.class)
                  .hasMessageContaining("not connected"));
      Process second = everything(port);
      try {
        awaitAnswers(host);
      } finally {
        second.destroyForcibly();
      }
    } finally {
      first.destroyForcibly();
    }
  }

  private static Process everything(int port) throws IOException {
    ProcessBuilder server = new ProcessBuilder("node", EVERYTHING.toString(), "streamableHttp");
    server.environment().put("PORT", Integer.toString(port));
    return server
        .redirectErrorStream(true)
        .redirectOutput(INSTALLED.resolve("everything.log").toFile())
        .start();
  }
}
