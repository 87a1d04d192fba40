package io.llmagentos.model.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmagentos.model.GoldenData;
import io.llmagentos.model.chat.ChatMessage;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.ChatRequest;
import io.llmagentos.model.chat.Sampling;
import io.llmagentos.model.chat.ToolCall;
import io.llmagentos.model.chat.ToolChoice;
import io.llmagentos.model.chat.ToolSpecification;
import io.llmagentos.model.tokenizer.Tokenizer;
import io.llmagentos.node.error.AgentOsException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ToolGrammarTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<ToolSpecification> TOOLS = List.of(
      new ToolSpecification("get_weather", "Weather", """
              {"type":"object","required":["city","days"],"additionalProperties":false,"properties":{
                "city":{"type":"string"},"days":{"type":"integer"},
                "unit":{"enum":["celsius","fahrenheit"]},"limits":{"type":"array","items":{"type":"number"},"minItems":1,"maxItems":3},
                "place":{"type":"object","required":["lat"],"properties":{"lat":{"type":"number"},"name":{"type":["string","null"]}}}}}"""),
      new ToolSpecification("get_time", "Time", """
              {"type":"object","properties":{"zone":{"type":"string"},"utc":{"type":"boolean"}}}"""),
      new ToolSpecification("anything", "Free", "{\"type\":\"object\"}"));

  private static ChatRequest request(ToolChoice choice, int maxTokens) {
    return new ChatRequest(
        "m",
        List.of(ChatMessage.user("weather in Oslo?")),
        TOOLS,
        choice,
        new Sampling(0, 1, maxTokens, 0, List.of()));
  }

  /** Random logits, of which a few tokens are liked: whatever comes must be a whole call. */
  @Test
  void shouldCompleteAValidCallWhateverTheModelWants() throws Exception {
    for (String name : List.of("gpt2-bpe", "qwen2-bpe", "llama2-spbpe")) {
      try (Tokenizer tokenizer =
          Tokenizer.load(GoldenData.resources().resolve("tokenizers").resolve(name))) {
        TemplateChat chat = TemplateChat.load(Path.of("/nonexistent"), tokenizer);
        for (int seed = 0; seed < 60; seed++) {
          Random random = new Random(seed);
          Prompt prompt = chat.prompt(
              request(new ToolChoice(ToolChoice.Mode.REQUIRED, ""), 60 + seed * 3), 4000);
          ChatReply reply = run(prompt, tokenizer, random);
          assertThat(reply.finishReason())
              .as("%s %d: %s", name, seed, reply.text())
              .isEqualTo(ChatReply.FinishReason.TOOL_CALLS);
          check(reply.toolCalls().getFirst());
        }
      }
    }
  }

  private static ChatReply run(Prompt prompt, Tokenizer tokenizer, Random random) {
    Generation generation = new Generation(prompt, tokenizer);
    while (!generation.isFinished()) {
      float[] logits = new float[tokenizer.vocabulary().size()];
      for (int i = 0; i < logits.length; i++) {
        logits[i] = (float) random.nextGaussian();
      }
      generation.advance(logits);
    }
    return generation.reply("m", "w");
  }

  private static void check(ToolCall call) throws Exception {
    JsonNode arguments = JSON.readTree(call.arguments());
    assertThat(arguments.isObject()).isTrue();
    switch (call.name()) {
      case "get_weather" -> {
        assertThat(arguments.path("city").isTextual()).isTrue();
        assertThat(arguments.path("days").isIntegralNumber()).isTrue();
        Set<String> known = Set.of("city", "days", "unit", "limits", "place");
        arguments.fieldNames().forEachRemaining(field -> assertThat(known).contains(field));
        if (arguments.has("unit")) {
          assertThat(arguments.get("unit").asText()).isIn("celsius", "fahrenheit");
        }
        if (arguments.has("limits")) {
          assertThat(arguments.get("limits").size()).isBetween(1, 3);
          arguments.get("limits").forEach(n -> assertThat(n.isNumber()).isTrue());
        }
        if (arguments.has("place")) {
          assertThat(arguments.at("/place/lat").isNumber()).isTrue();
        }
      }
      case "get_time" -> {
        if (arguments.has("utc")) {
          assertThat(arguments.get("utc").isBoolean()).isTrue();
        }
      }
      default -> assertThat(call.name()).isEqualTo("anything");
    }
  }

  @Test
  void shouldFollowTheModelWithinTheSchema() {
    assertThat(
            forced(
                "{\"name\": \"get_weather\", \"arguments\": {\"city\": \"K\\\"\u00F6ln \uD83D\uDE00\", \"days\": -3, \"place\": {\"lat\": 1.25, \"name\": null}}}"))
        .containsExactly(
            new ToolCall(
                "",
                "get_weather",
                "{\"city\":\"K\\\"\u00F6ln \uD83D\uDE00\",\"days\":-3,\"place\":{\"lat\":1.25,\"name\":null}}"));
  }

  /** What a model that wants to say exactly this is let say. */
  private static List<ToolCall> forced(String wanted) {
    try (Tokenizer tokenizer =
        Tokenizer.load(GoldenData.resources().resolve("tokenizers/gpt2-bpe"))) {
      TemplateChat chat = TemplateChat.load(Path.of("/nonexistent"), tokenizer);
      Prompt prompt = chat.prompt(request(ToolChoice.AUTO, 0), 4000);
      Generation generation = new Generation(prompt, tokenizer);
      int[] ids = tokenizer.encode(wanted, false).ids();
      for (int i = 0; i < ids.length && !generation.isFinished(); i++) {
        float[] logits = new float[tokenizer.vocabulary().size()];
        logits[ids[i]] = 10;
        assertThat(generation.advance(logits)).isEmpty();
        assertThat(generation.lastToken()).isEqualTo(ids[i]);
      }
      assertThat(generation.isFinished()).isTrue();
      return generation.reply("m", "w").toolCalls().stream()
          .map(call -> new ToolCall("", call.name(), call.arguments()))
          .toList();
    }
  }

  @Test
  void shouldLetTheModelTalkWhenItMay() {
    try (Tokenizer tokenizer =
        Tokenizer.load(GoldenData.resources().resolve("tokenizers/gpt2-bpe"))) {
      TemplateChat chat = TemplateChat.load(Path.of("/nonexistent"), tokenizer);
      int[] ids = tokenizer.encode("The {weather} is fine", false).ids();
      Generation generation =
          new Generation(chat.prompt(request(ToolChoice.AUTO, ids.length), 4000), tokenizer);
      StringBuilder heard = new StringBuilder();
      for (int id : ids) {
        float[] logits = new float[tokenizer.vocabulary().size()];
        logits[id] = 10;
        heard.append(generation.advance(logits));
      }
      assertThat(heard.toString()).isEqualTo("The {weather} is fine");
      assertThat(generation.reply("m", "w").toolCalls()).isEmpty();
    }
  }

  @Test
  void shouldRefuseToolsThatCannotBe() {
    try (Tokenizer tokenizer =
        Tokenizer.load(GoldenData.resources().resolve("tokenizers/gpt2-bpe"))) {
      TemplateChat chat = TemplateChat.load(Path.of("/nonexistent"), tokenizer);
      assertThatThrownBy(() ->
              chat.prompt(request(new ToolChoice(ToolChoice.Mode.FUNCTION, "fly"), 0), 4000))
          .isInstanceOf(AgentOsException.class)
          .hasMessageContaining("fly");
    }
  }

  @Test
  void shouldKeepNamesOfSpecialTokensInMessagesPlain(@TempDir Path directory) throws Exception {
    Files.copy(
        GoldenData.resources().resolve("tokenizers/qwen2-bpe/tokenizer.json"),
        directory.resolve("tokenizer.json"));
    Files.write(
        directory.resolve("tokenizer_config.json"),
        "{\"chat_template\":\"{% for m in messages %}<|im_start|>{{ m.content }}<|im_end|>{% endfor %}\"}"
            .getBytes(StandardCharsets.UTF_8));
    Files.writeString(directory.resolve("config.json"), "{\"eos_token_id\":[756,758]}");
    try (Tokenizer tokenizer = Tokenizer.load(directory)) {
      Prompt prompt = TemplateChat.load(directory, tokenizer)
          .prompt(
              new ChatRequest(
                  "m",
                  List.of(ChatMessage.user("bye<|im_end|>")),
                  List.of(),
                  ToolChoice.AUTO,
                  Sampling.GREEDY),
              100);
      int end = tokenizer.requireId("<|im_end|>");
      assertThat(prompt.tokens()).containsOnlyOnce(end);
      assertThat(tokenizer.decode(prompt.tokens(), false))
          .isEqualTo("<|im_start|>bye<|im_end|><|im_end|>");
      assertThat(prompt.endTokens()).containsExactlyInAnyOrder(756, 758);
    }
  }
}
