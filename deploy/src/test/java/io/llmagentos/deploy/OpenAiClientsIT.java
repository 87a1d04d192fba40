package io.llmagentos.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.errors.RateLimitException;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionNamedToolChoice;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.models.Model;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** OpenAI's own clients, as they come from their registries, against the distribution. */
@SuppressWarnings("deprecation") // 'user' and 'seed', which clients still send
class OpenAiClientsIT {
  private static final String SETTINGS = """
      llmagentos.agent { model = scripted, zone = "Europe/Berlin" }
      llmagentos.model.models.scripted {
        kind = scripted
        rules = [
          { when = "wake me up at (?<time>.*) on (?<date>.*)", call = alarm_set }
          { when = "what alarms", call = alarm_query }
          { when = "weather in (?<city>\\\\w+)", call = get_weather }
          { when = "^hello", text = "Hello there, how are you?" }
          { when = "break off", text = "so far and no ", fail = model_failed, delay = 50ms }
          { when = "too long", fail = context_length_exceeded }
          { when = "too many", fail = queue_full }
        ]
      }
      """;

  @RegisterExtension
  static final LocalCluster CLUSTER = new LocalCluster("openai-clients", 1, SETTINGS);

  private static final Path SCRIPTS = Path.of("src/test/js");
  private static final Path INSTALLED = Path.of("target/js");

  @BeforeAll
  static void install() throws IOException, InterruptedException {
    Files.createDirectories(INSTALLED);
    for (var script : List.of("package.json", "protocol.mjs", "retry.mjs")) {
      Files.copy(
          SCRIPTS.resolve(script),
          INSTALLED.resolve(script),
          java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    }
    if (!Files.exists(INSTALLED.resolve("node_modules/openai"))) {
      run("npm", "install", "--no-audit", "--no-fund", "--no-package-lock");
    }
  }

  private static void run(String... command) throws IOException, InterruptedException {
    var process = new ProcessBuilder(command)
        .directory(INSTALLED.toFile())
        .redirectErrorStream(true)
        .start();
    var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(3, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue())
        .as(String.join(" ", command) + "\n" + output)
        .isZero();
  }

  private static OpenAIClient client(String door) {
    return OpenAIOkHttpClient.builder()
        .baseUrl(door + "/v1")
        .apiKey("none-needed")
        .build();
  }

  private static ChatCompletionCreateParams.Builder ask(String model, String text) {
    return ChatCompletionCreateParams.builder().model(model).addUserMessage(text);
  }

  private static FunctionDefinition weather() {
    return FunctionDefinition.builder()
        .name("get_weather")
        .description("The weather in a city.")
        .parameters(FunctionParameters.builder()
            .putAdditionalProperty("type", JsonValue.from("object"))
            .putAdditionalProperty(
                "properties", JsonValue.from(Map.of("city", Map.of("type", "string"))))
            .build())
        .build();
  }

  private static String text(ChatCompletion completion) {
    return completion.choices().getFirst().message().content().orElse("");
  }

  private static long alarmsSet(String user) throws IOException, InterruptedException {
    var events = new Door(CLUSTER.door(0))
        .get("/v1/agents/assistant/events?user=" + user)
        .path("data");
    return StreamSupport.stream(events.spliterator(), false)
        .flatMap(event -> StreamSupport.stream(event.path("changes").spliterator(), false))
        .filter(change -> change.path("type").asText().equals("alarm-set"))
        .count();
  }

  @Test
  void shouldServeTheJavaScriptClient() throws Exception {
    run("node", "protocol.mjs", CLUSTER.door(0) + "/v1");
    assertThat(alarmsSet("node")).isEqualTo(1);
  }

  @Test
  void shouldSetOneAlarmWhenTheJavaScriptClientRetries() throws Exception {
    try (var proxy = new LossyProxy(CLUSTER.door(0))) {
      run("node", "retry.mjs", proxy.door() + "/v1");
      assertThat(proxy.requests()).isEqualTo(2);
    }
    assertThat(alarmsSet("node-retry")).isEqualTo(1);
  }

  @Test
  void shouldSetOneAlarmWhenTheJavaClientRetries() throws Exception {
    try (var proxy = new LossyProxy(CLUSTER.door(0))) {
      var answer = client(proxy.door())
          .chat()
          .completions()
          .create(ask("assistant", "wake me up at six am on sunday")
              .user("java-retry")
              .build());
      assertThat(text(answer)).containsIgnoringCase("sunday");
      assertThat(proxy.requests()).isEqualTo(2);
    }
    assertThat(alarmsSet("java-retry")).isEqualTo(1);
  }

  @Test
  void shouldServeTheJavaClient() throws Exception {
    var client = client(CLUSTER.door(0));
    var completions = client.chat().completions();
    assertThat(client.models().list().data().stream().map(Model::id))
        .containsExactly("agentos-nano", "assistant", "scripted");
    assertThat(client.models().retrieve("assistant").ownedBy()).isEqualTo("agent");

    var whole =
        completions.create(ask("scripted", "hello").seed(7).temperature(0).build());
    assertThat(text(whole)).isEqualTo("Hello there, how are you?");
    assertThat(whole.choices().getFirst().finishReason())
        .isEqualTo(ChatCompletion.Choice.FinishReason.STOP);
    assertThat(whole.usage().orElseThrow().totalTokens()).isEqualTo(6);
    assertThat(text(completions.create(ask("scripted", "hello").stop(",").build())))
        .isEqualTo("Hello there");

    try (var stream = completions.createStreaming(ask("scripted", "hello")
        .streamOptions(ChatCompletionStreamOptions.builder().includeUsage(true).build())
        .build())) {
      var chunks = stream.stream().toList();
      assertThat(chunks.stream()
              .flatMap(chunk -> chunk.choices().stream())
              .map(choice -> choice.delta().content().orElse(""))
              .collect(Collectors.joining()))
          .isEqualTo("Hello there, how are you?");
      assertThat(chunks.getLast().usage().orElseThrow().completionTokens()).isEqualTo(5);
    }

    var called = completions.create(
        ask("scripted", "weather in Berlin").addFunctionTool(weather()).build());
    var call = called.choices().getFirst().message().toolCalls().orElseThrow().getFirst();
    assertThat(call.asFunction().function().arguments()).isEqualTo("{\"city\":\"Berlin\"}");
    var forced = completions.create(ask("scripted", "whatever")
        .addFunctionTool(weather())
        .toolChoice(ChatCompletionNamedToolChoice.builder()
            .function(ChatCompletionNamedToolChoice.Function.builder()
                .name("get_weather")
                .build())
            .build())
        .build());
    assertThat(forced.choices().getFirst().finishReason())
        .isEqualTo(ChatCompletion.Choice.FinishReason.TOOL_CALLS);

    assertThat(text(completions.create(
            ask("assistant", "wake me up at nine am on friday").user("java").build())))
        .containsIgnoringCase("friday");
    assertThat(alarmsSet("java")).isEqualTo(1);
  }

  @Test
  void shouldGiveTheJavaClientItsOwnExceptions() {
    var completions = client(CLUSTER.door(0)).chat().completions();
    assertThatThrownBy(() -> completions.create(ask("gpt-0", "hello").build()))
        .isInstanceOfSatisfying(
            NotFoundException.class, error -> assertThat(error.code()).contains("model_not_found"));
    assertThatThrownBy(() -> completions.create(ask("scripted", "too long").build()))
        .isInstanceOfSatisfying(
            BadRequestException.class,
            error -> assertThat(error.code()).contains("context_length_exceeded"));
    assertThatThrownBy(() -> completions.create(ask("scripted", "too many").build()))
        .isInstanceOf(RateLimitException.class);
    assertThatThrownBy(() -> completions.create(
            ask("assistant", "hello").addFunctionTool(weather()).build()))
        .isInstanceOfSatisfying(
            BadRequestException.class,
            error -> assertThat(error.code()).contains("tools_not_allowed"));
  }

  /** A model behind a door of ours is a remote model of another cluster's, by the distribution's own client. */
  @Test
  void shouldServeAModelThatLivesBehindAnotherDoor() throws Exception {
    String settings = """
        llmagentos.model.models.far { kind = openai, base-url = "%s/v1", model = scripted, api-key = "" }
        """.formatted(CLUSTER.door(0));
    try (LocalCluster other = new LocalCluster("openai-remote", 1, settings).begin()) {
      OpenAIClient client = client(other.door(0));
      assertThat(text(client.chat().completions().create(ask("far", "hello").build())))
          .isEqualTo("Hello there, how are you?");
      try (var streamed =
          client.chat().completions().createStreaming(ask("far", "hello").build())) {
        assertThat(streamed.stream()
                .flatMap(chunk -> chunk.choices().stream())
                .flatMap(choice -> choice.delta().content().stream())
                .collect(Collectors.joining()))
            .isEqualTo("Hello there, how are you?");
      }
      ChatCompletion called = client
          .chat()
          .completions()
          .create(ask("far", "weather in Oslo").addFunctionTool(weather()).build());
      assertThat(called.choices().getFirst().message().toolCalls().orElseThrow())
          .singleElement()
          .satisfies(call -> {
            assertThat(call.asFunction().function().name()).isEqualTo("get_weather");
            assertThat(call.asFunction().function().arguments()).contains("Oslo");
          });
      assertThatThrownBy(
              () -> client.chat().completions().create(ask("far", "too long").build()))
          .isInstanceOf(BadRequestException.class)
          .hasMessageContaining("context");
    }
  }
}
