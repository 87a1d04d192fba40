package io.llmagentos.model.training.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.model.functions.FunctionSets;
import io.llmagentos.model.nano.NanoModel;
import io.llmagentos.model.tokenizer.Tokenizer;
import io.llmagentos.model.weights.ModelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model of requests and calls, from nothing and out of another, as jobs on a node. */
class ToolsJobTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> ROOMS =
      List.of("attic", "cellar", "big hall", "kitchen", "blue room", "garage");
  private static final List<String> DAYS =
      List.of("monday", "tuesday", "friday", "next week", "sunday", "tomorrow");

  @TempDir
  @SuppressWarnings("NullAway.Init")
  private static Path directory;

  private static @Nullable TestNode started;

  @BeforeAll
  static void start() throws IOException {
    started = new TestNode(directory.resolve("node"), "");
    Files.write(directory.resolve("train.jsonl"), rows(300, 1, "book_room", "heat", true));
    Files.write(directory.resolve("test.jsonl"), rows(60, 2, "book_room", "heat", true));
    Files.write(directory.resolve("other.jsonl"), rows(200, 3, "reserve", "warm_up", false));
    Files.write(directory.resolve("other-test.jsonl"), rows(60, 4, "reserve", "warm_up", false));
  }

  @AfterAll
  static void stop() {
    node().close();
  }

  private static TestNode node() {
    return Objects.requireNonNull(started);
  }

  private static List<String> rows(int count, long seed, String book, String heat, boolean none) {
    SplittableRandom random = new SplittableRandom(seed);
    List<String> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String room = ROOMS.get(random.nextInt(ROOMS.size()));
      String day = DAYS.get(random.nextInt(DAYS.size()));
      ObjectNode row = JSON.createObjectNode();
      switch (i % (none ? 4 : 3)) {
        case 0 -> call(row.put("text", "book the " + room + " for " + day), book, room, day);
        case 1 -> call(row.put("text", "on " + day + " we need the " + room), book, room, day);
        case 2 -> call(row.put("text", "is it cold in the " + room), heat, room, null);
        default -> row.put("text", "sing about " + day).putNull("call");
      }
      rows.add(row.toString());
    }
    return rows;
  }

  private static void call(ObjectNode row, String name, String room, @Nullable String day) {
    ObjectNode arguments =
        row.putObject("call").put("name", name).putObject("arguments").put("room", room);
    if (day != null) {
      arguments.put("date", day);
    }
  }

  private static Map<String, Object> job(String data, String output, Map<String, ?> more) {
    Map<String, Object> job = new TreeMap<>(Map.of(
        "type",
        "tools/finetune",
        "train_file",
        directory.resolve(data + ".jsonl").toString(),
        "output_dir",
        directory.resolve(output).toString(),
        "per_device_train_batch_size",
        16,
        "group_by_length",
        true,
        "learning_rate",
        5e-3,
        "word_mask_probability",
        0.05,
        "save_strategy",
        "no",
        "kernels",
        "mkl"));
    job.putAll(more);
    return job;
  }

  private static Map<String, Object> fromNothing() {
    return new TreeMap<>(Map.of(
        "config",
        Map.of(
            "model_type",
            "llama",
            "hidden_size",
            32,
            "intermediate_size",
            64,
            "num_hidden_layers",
            2,
            "num_attention_heads",
            2,
            "max_position_embeddings",
            64,
            "tie_word_embeddings",
            true),
        "vocab_size",
        400,
        "validation_file",
        directory.resolve("test.jsonl").toString(),
        "do_eval",
        true,
        "num_train_epochs",
        40));
  }

  @Test
  void shouldLearnToCallAndThenOtherFunctions() throws Exception {
    JsonNode first = node().await(node().submit(job("train", "first", fromNothing())), "completed");
    JsonNode summary = first.path("summary");
    assertThat(summary.path("eval_function_accuracy").asDouble()).isGreaterThan(0.9);
    assertThat(summary.path("eval_exact_call").asDouble()).isGreaterThan(0.5);

    Path model = directory.resolve("first");
    FunctionSets sets = FunctionSets.read(model);
    assertThat(sets.set("tools").functions())
        .containsEntry("book_room", List.of("date", "room"))
        .containsEntry("heat", List.of("room"));
    assertThat(sets.set("tools").none()).isTrue();
    ObjectNode served = NanoModel.score(model, directory.resolve("test.jsonl"));
    assertThat(served.path("requests").asInt()).isEqualTo(60);
    assertThat(served.path("exact_call").asDouble()).isGreaterThan(0.8);

    // The other functions are not in its vocabulary, their words are.
    node()
        .await(
            node()
                .submit(job(
                    "other",
                    "second",
                    Map.of("model_name_or_path", model.toString(), "num_train_epochs", 10))),
            "completed");
    Path second = directory.resolve("second");
    try (Tokenizer before = Tokenizer.load(model);
        Tokenizer after = Tokenizer.load(second)) {
      int grown = before.vocabulary().size() + 2;
      assertThat(after.vocabulary().size()).isEqualTo(grown);
      assertThat(after.requireId("<fn:reserve>")).isEqualTo(grown - 2);
      assertThat(ModelConfig.read(second).vocabSize()).isEqualTo(grown);
    }
    ObjectNode others = NanoModel.score(second, directory.resolve("other-test.jsonl"));
    assertThat(others.path("exact_call").asDouble()).isGreaterThan(0.8);
  }

  @Test
  void shouldRefuseWhatDoesNotFitTogether() throws Exception {
    Map<String, Object> withoutVocabulary = fromNothing();
    withoutVocabulary.remove("vocab_size");
    assertRefused(withoutVocabulary, "vocab_size is not set");
    assertRefused(
        Map.of("model_name_or_path", directory.toString(), "vocab_size", 300),
        "vocab_size must go with config");
    assertRefused(Map.of("model_name_or_path", "no-such-model"), "no-such-model");
    Map<String, Object> misspelt = fromNothing();
    misspelt.put("bpe_drop_out", 0.1);
    assertRefused(misspelt, "bpe_dropout");
  }

  private static void assertRefused(Map<String, ?> more, String what) throws Exception {
    TestNode.Answer answer = node().post("/v1/jobs", job("train", "refused", more));
    assertThat(answer.status()).as(more + ": " + answer.body()).isEqualTo(400);
    assertThat(answer.message()).contains(what);
  }
}
