package io.llmagentos.model.serving;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.typesafe.config.ConfigFactory;
import io.llmagentos.model.GoldenData;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.ChatRequest;
import io.llmagentos.model.chat.Sampling;
import io.llmagentos.model.engine.CpuEngine;
import io.llmagentos.model.engine.CpuEngineSettings;
import io.llmagentos.model.generation.ChatFormat;
import io.llmagentos.model.generation.Constraint;
import io.llmagentos.model.generation.Prompt;
import io.llmagentos.model.sampling.LogitsFilter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What transformers generates, served: all of a model's greedy cases at once, through one replica that batches them. */
class ServedGoldenTest {
  private static final ActorTestKit KIT = ActorTestKit.create(
      ConfigFactory.parseString("pekko.actor.provider = local\npekko.loglevel = WARNING")
          .withFallback(ConfigFactory.load()));

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  static List<Path> models() {
    return GoldenData.models("gpt2", "llama", "qwen2");
  }

  @ParameterizedTest
  @MethodSource("models")
  void shouldSayWhatTransformersSays(Path directory) throws Exception {
    String name = directory.getFileName().toString();
    List<JsonNode> cases = new ArrayList<>();
    for (JsonNode golden : GoldenData.read(directory.resolve("golden.json")).get("greedy")) {
      if (golden.at("/inputs/input_ids").size() == 1) {
        cases.add(golden);
      }
    }
    LocalModel model = LocalModel.serve(
        name,
        new Ids(cases),
        Serving.TOKENIZER,
        CpuEngine.load(directory, CpuEngineSettings.create(1, 1000)),
        Serving.settings(4, 100, 5),
        KIT.system(),
        new SimpleMeterRegistry(),
        Clock.systemUTC());
    List<CompletionStage<ChatReply>> replies = IntStream.range(0, cases.size())
        .mapToObj(i ->
            model.chat(Serving.request(Integer.toString(i), Sampling.GREEDY), TokenListener.SILENT))
        .toList();
    for (int i = 0; i < cases.size(); i++) {
      int[] expected = ints(cases.get(i).at("/sequences/0"));
      int prompt = cases.get(i).at("/inputs/input_ids/0").size();
      assertThat(Serving.await(replies.get(i)).tokenIds())
          .as("%s %s", name, cases.get(i).get("name").asText())
          .isEqualTo(IntStream.of(expected).skip(prompt).boxed().toList());
    }
    model.close();
  }

  private static int[] ints(JsonNode array) {
    return IntStream.range(0, array.size()).map(i -> array.get(i).asInt()).toArray();
  }

  /** The user's text is the number of a case. */
  private record Ids(List<JsonNode> cases) implements ChatFormat {
    @Override
    public Prompt prompt(ChatRequest request, int contextLength) {
      JsonNode golden = cases.get(Integer.parseInt(request.lastUserText()));
      return new Prompt(
          ints(golden.at("/inputs/input_ids/0")),
          golden.get("max_new_tokens").asInt(),
          golden.hasNonNull("eos_token_id") ? Set.of(golden.get("eos_token_id").asInt()) : Set.of(),
          new LogitsFilter(
              (float) golden.path("repetition_penalty").asDouble(1),
              golden.path("no_repeat_ngram_size").asInt(0),
              0,
              0,
              1,
              0,
              1),
          0,
          List.of(),
          Constraint.none(),
          (answer, text, reason) -> new Prompt.Answer(text, List.of(), reason));
    }
  }
}
