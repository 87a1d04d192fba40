package io.llmagentos.agent.tool.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

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
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class McpServerTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final String TOOLS = """
      [{"name":"look.up","description":"Look up.","annotations":{"readOnlyHint":true},
        "inputSchema":{"type":"object","properties":{"what":{"type":"string"}},"required":["what"]},
        "outputSchema":{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}},
       {"name":"set","annotations":{"idempotentHint":true},"inputSchema":{"type":"object"}},
       {"name":"delete","annotations":{"destructiveHint":true},"inputSchema":{"type":"object"}}]""";

  private FakeMcpServer remote;
  private McpServer server;

  @BeforeEach
  void start() throws IOException {
    remote = new FakeMcpServer(0, TOOLS, params -> FakeMcpServer.result("done"));
    server = McpServer.start(settings(remote.url(), ""));
    awaitTools(3);
  }

  @AfterEach
  void stop() {
    server.close();
    remote.close();
  }

  private void awaitTools(int count) {
    await("the server's tools").atMost(PATIENCE).until(() -> server.tools().size() == count);
  }

  private static Config section(String entry) {
    return ConfigFactory.parseString("llmagentos.agent.tools." + entry)
        .withFallback(ConfigFactory.defaultReference())
        .getConfig("llmagentos.agent.tools");
  }

  private static McpServerSettings settings(String url, String more) {
    return McpServerSettings.all(section("mcp.fake { url = \"" + url
            + "\", headers { Authorization = \"Bearer secret\" }" + more + "}"))
        .getFirst();
  }

  private static ToolRequest request(String arguments) {
    return ScriptedTool.request(arguments, Instant.now(), PATIENCE);
  }

  private Tool tool(String name) {
    return server.find("fake__" + name).orElseThrow();
  }

  private Tool hosted(String name) {
    return hosted(server, name);
  }

  private static Tool hosted(McpServer server, String name) {
    ToolHost host = new ToolHost(
        List.of(server),
        ToolSettings.create(section("attempts = 1")),
        Clock.systemUTC(),
        new Random(1));
    return host.find("fake__" + name).orElseThrow();
  }

  @Test
  void shouldTakeTraitsAndSchemasFromTheServer() {
    assertThat(server.tools())
        .extracting(tool -> tool.specification().name())
        .satisfiesExactly(
            name -> assertThat(name).startsWith("fake__look_up_"),
            name -> assertThat(name).isEqualTo("fake__set"),
            name -> assertThat(name).isEqualTo("fake__delete"));
    Tool lookUp = server.tools().getFirst();
    assertThat(lookUp.traits().readOnly()).isTrue();
    assertThat(lookUp.specification().parameters()).contains("\"what\"");
    assertThat(lookUp.outputSchema()).contains("\"integer\"");
    assertThat(tool("set").traits().repeatable()).isTrue();
    assertThat(tool("set").traits().readOnly()).isFalse();
    assertThat(tool("delete").traits().repeatable()).isFalse();

    try (McpServer doubted = McpServer.start(settings(remote.url(), ", trust-hints = off"))) {
      await().atMost(PATIENCE).until(() -> doubted.tools().size() == 3);
      assertThat(doubted.tools()).noneMatch(tool -> tool.traits().repeatable());
    }
  }

  @Test
  void shouldCallUnderTheKeyWithTheCredentials() throws Exception {
    assertThat(tool("set").call(request("{\"a\":{\"b\":[1,2]}}")))
        .isEqualTo(ToolResult.text("done"));
    assertThat(remote.calls).singleElement().satisfies(call -> {
      assertThat(call.params().path("name").asText()).isEqualTo("set");
      assertThat(call.params().path("arguments")).hasToString("{\"a\":{\"b\":[1,2]}}");
      assertThat(
              call.params().path("_meta").path("io.llmagentos/idempotency-key").asText())
          .isEqualTo("key-1");
      assertThat(call.authorization()).isEqualTo("Bearer secret");
      assertThat(call.protocol()).isEqualTo("2025-11-25");
    });
  }

  @Test
  void shouldSpeakThePreviousRevisionToo() throws Exception {
    try (FakeMcpServer older = new FakeMcpServer(0, TOOLS, params -> FakeMcpServer.result("old"))) {
      older.revision = "2025-06-18";
      server.close();
      server = McpServer.start(settings(older.url(), ""));
      awaitTools(3);
      assertThat(tool("set").call(request("{}")).text()).isEqualTo("old");
      assertThat(older.calls.element().protocol()).isEqualTo("2025-06-18");
    }
  }

  @Test
  void shouldFollowTheServersList() throws Exception {
    remote.tools = "[{\"name\":\"only\",\"inputSchema\":{\"type\":\"object\"}}]";
    remote.notification = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}";
    Tool set = tool("set");
    assertThat(set.call(request("{}")).text()).isEqualTo("done");
    awaitTools(1);
    assertThat(server.tools().getFirst().specification().name()).isEqualTo("fake__only");
    assertThat(server.find("fake__set")).isEmpty();
    assertThatThrownBy(() -> set.call(request("{}")))
        .isInstanceOf(ToolRefusal.class)
        .hasMessageContaining("no tool 'set'");
  }

  @Test
  void shouldRefuseWhileTheServerIsAwayAndConnectAgain() throws Exception {
    int port = remote.port();
    Tool set = tool("set");
    remote.close();
    assertThatThrownBy(() -> set.call(request("{}")))
        .isInstanceOf(ToolRefusal.class)
        .hasMessageContaining("'fake' is not connected")
        .hasCauseInstanceOf(IOException.class);
    remote = new FakeMcpServer(port, TOOLS, params -> FakeMcpServer.result("again"));
    await("the server is found again")
        .atMost(PATIENCE)
        .ignoreExceptions()
        .until(() -> set.call(request("{}")).text().equals("again"));
  }

  @Test
  void shouldRefuseTheToolsOfAServerThatWasNeverThereAndSayWhy() throws Exception {
    String url = remote.url();
    remote.close();
    try (McpServer absent = McpServer.start(settings(url, ""))) {
      assertThat(absent.tools()).isEmpty();
      assertThat(absent.find("other__tool")).isEmpty();
      Tool expected = absent.find("fake__tool").orElseThrow();
      assertThatThrownBy(() -> expected.call(request("{}")))
          .isInstanceOf(ToolRefusal.class)
          .hasMessageContaining("'fake' is not connected");
    }
  }

  @Test
  void shouldSayWhyAProgramIsNoServer() {
    for (Map.Entry<String, String> bad : Map.of(
            "/does/not/exist", "/does/not/exist", "false", "its process has ended")
        .entrySet()) {
      McpServerSettings settings = McpServerSettings.all(
              section("mcp.fake { connect-timeout = 1h, command = [\"" + bad.getKey() + "\"] }"))
          .getFirst();
      try (McpServer program = McpServer.start(settings)) {
        await(bad.getKey())
            .atMost(PATIENCE)
            .untilAsserted(() -> assertThatThrownBy(
                    () -> program.find("fake__tool").orElseThrow().call(request("{}")))
                .isInstanceOf(ToolRefusal.class)
                .hasMessageContaining(bad.getValue()));
      }
    }
  }

  @Test
  void shouldTellWhetherAFailedCallWasBegun() {
    remote.answers = params -> "{\"error\":{\"code\":-32602,\"message\":\"no such thing\"}}";
    assertThatThrownBy(() -> tool("delete").call(request("{}")))
        .isInstanceOf(ToolRefusal.class)
        .hasMessageContaining("no such thing");
    remote.answers = params -> "{\"error\":{\"code\":-32603,\"message\":\"fell over\"}}";
    assertThatThrownBy(() -> tool("delete").call(request("{}")))
        .isNotInstanceOf(ToolRefusal.class)
        .hasMessageContaining("fell over");
    remote.answers = params ->
        "{\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"sold out\"}],\"isError\":true}}";
    assertThat(catchResult("delete")).isEqualTo(new ToolResult("sold out", "", true));
  }

  private ToolResult catchResult(String name) {
    try {
      return tool(name).call(request("{}"));
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void shouldNotTakeAFlood() throws Exception {
    server.close();
    server = McpServer.start(settings(remote.url(), ", max-message = 4 KiB"));
    awaitTools(3);
    remote.answers = params -> FakeMcpServer.result("x".repeat(100_000));
    assertThatThrownBy(() -> hosted("delete").call(request("{}")))
        .isNotInstanceOf(ToolRefusal.class);
    remote.answers = params -> FakeMcpServer.result("little");
    await("the next call is answered")
        .atMost(PATIENCE)
        .ignoreExceptions()
        .until(() -> tool("set").call(request("{}")).text().equals("little"));
  }

  @Test
  void shouldLeaveAnAnswerWithoutAnEnd() throws Exception {
    server.close();
    server = McpServer.start(settings(remote.url(), ", max-message = 64 KiB"));
    awaitTools(3);
    String notification =
        FakeMcpServer.event("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\"}");
    for (String endless : List.of("x", notification)) {
      int before = remote.left.get();
      remote.endless = endless;
      assertThatThrownBy(() -> hosted("delete").call(request("{}")))
          .as(endless)
          .isNotInstanceOf(ToolRefusal.class);
      await("it is not read any more").atMost(PATIENCE).until(() -> remote.left.get() > before);
      remote.endless = "";
      await("the next call is answered")
          .atMost(PATIENCE)
          .ignoreExceptions()
          .until(() -> tool("set").call(request("{}")).text().equals("done"));
    }
  }

  @Test
  void shouldNotFollowAListWithoutAnEnd() {
    String page = "{\"name\":\"set\",\"inputSchema\":{\"type\":\"object\"}},".repeat(399);
    Map<String, String> lists = Map.of(
        "max-message = 4 KiB",
        TOOLS,
        "max-message = 4 MiB",
        "[" + page + "{\"name\":\"last\",\"inputSchema\":{\"type\":\"object\"}}]");
    remote.nextCursor = "more";
    lists.forEach((most, tools) -> {
      remote.tools = tools;
      try (McpServer endless = McpServer.start(settings(remote.url(), ", " + most))) {
        await(most)
            .atMost(PATIENCE)
            .untilAsserted(() -> assertThatThrownBy(
                    () -> endless.find("fake__set").orElseThrow().call(request("{}")))
                .isInstanceOf(ToolRefusal.class)
                .hasMessageContaining("its list of tools has no end"));
      }
    });
  }

  @Test
  void shouldConnectAnewWhenTooManyCallsWereGivenUp() {
    server.close();
    server = McpServer.start(settings(remote.url(), ", timeout = 500ms, max-concurrent = 2"));
    awaitTools(3);
    int before = remote.connections.get();
    remote.answers = params -> null;
    for (int call = 0; call < 2; call++) {
      assertThatThrownBy(() -> hosted("delete").call(request("{}")))
          .isInstanceOf(TimeoutException.class);
    }
    await("what the calls left behind goes with the connection")
        .atMost(PATIENCE)
        .until(() -> remote.connections.get() > before);
  }

  private static McpServer program(String more) {
    return McpServer.start(McpServerSettings.all(section(
            "mcp.fake { command = [sh, \"src/test/resources/mcp/misbehaving.sh\"]" + more + " }"))
        .getFirst());
  }

  private static void awaitGreeting(McpServer program) {
    await("the program answers")
        .atMost(PATIENCE)
        .ignoreExceptions()
        .until(() -> hosted(program, "greet").call(request("{}")).text().equals("hello"));
  }

  @Test
  void shouldOutliveAProgramThatDiesOrNeverStopsTalkingInACall() {
    try (McpServer program = program(", max-message = 64 KiB")) {
      for (String fault : List.of("die", "line", "babble")) {
        awaitGreeting(program);
        assertThatThrownBy(() -> hosted(program, fault).call(request("{}")))
            .as(fault)
            .isInstanceOf(IOException.class)
            .hasMessageContaining("the call was lost on its way");
      }
      awaitGreeting(program);
    }
  }

  @Test
  void shouldGiveUpACallInWhichAProgramHangs() {
    try (McpServer program = program(", timeout = 2s")) {
      awaitGreeting(program);
      assertThatThrownBy(() -> hosted(program, "hang").call(request("{}")))
          .isInstanceOf(TimeoutException.class);
      awaitGreeting(program);
    }
  }

  @Test
  void shouldHearWhatAProgramSaysUnaskedWithoutKeepingIt() throws Exception {
    try (McpServer program = program("")) {
      awaitGreeting(program);
      for (String noise : List.of("chatter", "complain")) {
        assertThat(hosted(program, noise).call(request("{}")).text()).as(noise).isEqualTo("hello");
      }
    }
  }

  @Test
  void shouldGiveUpACallThatHangsAndNoOther() throws Exception {
    server.close();
    server = McpServer.start(settings(remote.url(), ", timeout = 500ms"));
    awaitTools(3);
    remote.answers =
        params -> params.path("name").asText().equals("delete") ? null : FakeMcpServer.result("ok");
    assertThatThrownBy(() -> hosted("delete").call(request("{}")))
        .isInstanceOf(TimeoutException.class)
        .hasMessageContaining("500 ms");
    assertThat(tool("set").call(request("{}")).text()).isEqualTo("ok");
  }

  @Test
  void shouldSayWhenAServerLiesAboutItsResults() throws Exception {
    remote.answers =
        params -> "{\"result\":{\"content\":[],\"structuredContent\":{\"n\":\"many\"}}}";
    String name = server.tools().getFirst().specification().name().substring("fake__".length());
    ToolResult result = hosted(name).call(request("{\"what\":\"x\"}"));
    assertThat(result.error()).isTrue();
    assertThat(result.text()).contains("not what it declares", "/n");

    remote.answers = params -> "{\"result\":{\"content\":[],\"structuredContent\":{\"n\":3}}}";
    assertThat(hosted(name).call(request("{\"what\":\"x\"}")))
        .isEqualTo(new ToolResult("{\"n\":3}", "{\"n\":3}", false));
  }

  @Test
  void shouldRefuseSettingsThatMakeNoSense() {
    assertThatThrownBy(() -> McpServerSettings.all(section("mcp.fake { urll = \"http://x\" }")))
        .isInstanceOf(AgentOsException.class)
        .hasMessageContaining("did you mean llmagentos.agent.tools.mcp.fake.url?");
    assertThatThrownBy(() -> McpServerSettings.all(section("mcp.fake { timeout = 1s }")))
        .hasMessageContaining("either a command or a url");
    assertThatThrownBy(() -> McpServerSettings.all(section("mcp.fake { url = \"file:/x\" }")))
        .hasMessageContaining("http");
    assertThatThrownBy(() -> McpServerSettings.all(section("mcp.\"a__b\" { url = \"http://x\" }")))
        .hasMessageContaining("name");
  }
}
