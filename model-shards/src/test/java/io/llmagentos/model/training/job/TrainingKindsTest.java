package io.llmagentos.model.training.job;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmagentos.model.GoldenData;
import io.llmagentos.model.tokenizer.training.ByteLevelBpeTrainer;
import io.llmagentos.model.tokenizer.training.TokenizerTrainer;
import io.llmagentos.model.tokenizer.training.WordPieceTrainer;
import io.llmagentos.model.training.EngineSettings;
import io.llmagentos.model.training.Transformer;
import io.llmagentos.model.weights.TransformerConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The kinds of training beside causal language models, as jobs of one node. */
class TrainingKindsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path HOME =
      Path.of("target", "nodes", "kinds-" + UUID.randomUUID()).toAbsolutePath();
  private static final Path T5_TOKENIZER =
      GoldenData.resources().resolve("tokenizers").resolve("t5-unigram");
  private static final String[] ANIMALS = {"cat", "dog", "cow"};
  private static final String[] SOUNDS = {"meow", "woof", "moo"};
  private static final String[] OTHERS = {"the", "a", "old", "says", "loud", "here", "now", "again"
  };
  private static final Map<String, Object> BERT = Map.of(
      "model_type", "bert",
      "hidden_size", 32,
      "num_hidden_layers", 1,
      "num_attention_heads", 2,
      "intermediate_size", 64,
      "max_position_embeddings", 32);
  private static final Map<String, Object> GPT2 =
      Map.of("model_type", "gpt2", "n_positions", 64, "n_embd", 32, "n_layer", 1, "n_head", 2);
  private static final Map<String, Object> T5 = Map.of(
      "model_type", "t5",
      "d_model", 64,
      "d_kv", 16,
      "d_ff", 64,
      "num_layers", 1,
      "num_heads", 2,
      "dropout_rate", 0,
      "vocab_size", 464);
  private static final String TEMPLATE =
      "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}"
          + "<|endoftext|>\n{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}";

  private static @Nullable TestNode started;

  @BeforeAll
  static void start() throws IOException {
    Files.createDirectories(HOME);
    write("train.jsonl", rows(160, 1));
    write("validation.jsonl", rows(40, 2));
    write("sounds.txt", sentences(300, 4));
    model("bert", BERT, new WordPieceTrainer(120));
    model("gpt2", GPT2, new ByteLevelBpeTrainer(300));
    Files.writeString(HOME.resolve("gpt2/chat_template.jinja"), TEMPLATE);
    started = new TestNode(HOME.resolve("data"), "");
  }

  @AfterAll
  static void stop() {
    node().close();
  }

  private static TestNode node() {
    return Objects.requireNonNull(started);
  }

  private static Path write(String name, String content) throws IOException {
    return Files.writeString(HOME.resolve(name), content);
  }

  /** An animal somewhere in a sentence; what it says is its label, what it should become, and the answer to it. */
  private static String rows(int count, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    StringBuilder rows = new StringBuilder();
    for (int row = 0; row < count; row++) {
      int animal = random.nextInt(ANIMALS.length);
      String[] words = new String[2 + random.nextInt(5)];
      Arrays.setAll(words, i -> OTHERS[random.nextInt(OTHERS.length)]);
      words[random.nextInt(words.length)] = ANIMALS[animal];
      rows.append("""
          {"text": "%1$s", "label": "%2$s", "summary": "%2$s", "messages": [{"role": "user", "content": "%1$s"}, {"role": "assistant", "content": "%2$s"}]}
          """.formatted(String.join(" ", words), SOUNDS[animal]));
    }
    return rows.toString();
  }

  /** What hides in them follows from what does not. */
  private static String sentences(int count, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    StringBuilder lines = new StringBuilder();
    for (int line = 0; line < count; line++) {
      int animal = random.nextInt(ANIMALS.length);
      lines.append(
          "the %s says %s loud and again %2$s%n".formatted(ANIMALS[animal], SOUNDS[animal]));
    }
    return lines.toString();
  }

  /** Random weights, and a tokenizer of the texts. */
  private static void model(String name, Map<String, Object> config, TokenizerTrainer tokenizer)
      throws IOException {
    Path directory = HOME.resolve(name);
    rows(100, 3).lines().forEach(tokenizer::add);
    var trained = tokenizer.train();
    trained.write(directory, 32);
    Map<String, Object> json = new HashMap<>(config);
    json.put("vocab_size", trained.size());
    JSON.writeValue(directory.resolve("config.json").toFile(), json);
    try (Transformer fresh =
        Transformer.initial(TransformerConfig.read(directory), EngineSettings.FLOAT32, 1)) {
      fresh.save(directory);
    }
  }

  private static Map<String, Object> job(String type, String output, Map<String, ?> more) {
    Map<String, Object> job = new HashMap<>();
    job.put("type", type);
    job.put("train_file", HOME.resolve("train.jsonl").toString());
    job.put("validation_file", HOME.resolve("validation.jsonl").toString());
    job.put("output_dir", HOME.resolve(output).toString());
    job.put("do_eval", true);
    job.put("learning_rate", 1e-2);
    job.put("per_device_train_batch_size", 16);
    job.put("max_steps", 100);
    job.put("logging_steps", 10);
    job.put("kernels", "mkl");
    job.putAll(more);
    return job;
  }

  private static Map<String, Object> classify(String output, Map<String, ?> more) {
    Map<String, Object> job = job("classify/finetune", output, Map.of());
    job.put("model_name_or_path", HOME.resolve("bert").toString());
    job.putAll(more);
    return job;
  }

  /** Trains, and opens what it leaves as others would. */
  private static JsonNode trained(Map<String, Object> job) throws Exception {
    JsonNode ended = node().await(node().submit(job), "completed");
    List<JsonNode> lines = node().metrics(ended.path("id").asText());
    assertThat(lines.getFirst().path("loss").asDouble()).isPositive();
    Path directory = Path.of(String.valueOf(job.get("output_dir")));
    try (Transformer model = Transformer.load(directory, EngineSettings.FLOAT32);
        HuggingFaceTokenizer tokenizer =
            HuggingFaceTokenizer.newInstance(directory.resolve("tokenizer.json"))) {
      assertThat(model.steps()).isZero();
      assertThat(tokenizer.encode("the cat").getIds()).isNotEmpty();
    }
    return ended;
  }

  private static JsonNode config(String output) throws IOException {
    return JSON.readTree(HOME.resolve(output).resolve("config.json").toFile());
  }

  private static byte[] weights(String output) throws IOException {
    return Files.readAllBytes(HOME.resolve(output).resolve("model.safetensors"));
  }

  @Test
  void shouldPretrainAnEncoderOnWhatIsHidden() throws Exception {
    Map<String, Object> masking = job(
        "mlm/pretrain",
        "masked",
        Map.of(
            "config",
            BERT,
            "config_overrides",
            "hidden_dropout_prob=0.0",
            "tokenizer_type",
            "wordpiece",
            "vocab_size",
            120,
            "train_file",
            HOME.resolve("sounds.txt").toString(),
            "validation_split_percentage",
            10,
            "max_seq_length",
            20,
            "mlm_probability",
            0.2,
            "learning_rate",
            3e-3,
            "max_steps",
            150));
    masking.remove("validation_file");
    JsonNode job = trained(masking);
    List<JsonNode> lines = node().metrics(job.path("id").asText());
    assertThat(lines.getLast().path("loss").asDouble())
        .isLessThan(lines.getFirst().path("loss").asDouble() - 0.3);
    assertThat(job.path("summary").path("eval_accuracy").asDouble())
        .as("the most frequent word is one in eight")
        .isGreaterThan(0.5);
    assertThat(job.path("summary").path("eval_perplexity").asDouble()).isPositive();
    JsonNode config = config("masked");
    assertThat(config.path("architectures").path(0).asText()).isEqualTo("BertForMaskedLM");
    assertThat(config.path("hidden_dropout_prob").asDouble()).isZero();
    assertThat(HOME.resolve("masked/generation_config.json")).doesNotExist();
  }

  @Test
  void shouldClassifyAndKeepTheBestModel() throws Exception {
    JsonNode job = trained(classify(
        "classified",
        Map.of(
            "eval_strategy", "steps",
            "eval_steps", 20,
            "save_steps", 20,
            "save_total_limit", 1,
            "load_best_model_at_end", true,
            "metric_for_best_model", "f1",
            "early_stopping_patience", 3,
            "num_processes", 2,
            "per_device_train_batch_size", 8)));
    JsonNode state = JSON.readTree(HOME.resolve("classified/trainer_state.json").toFile());
    assertThat(state.path("best_metric").asDouble()).as("f1 of three labels").isGreaterThan(0.9);
    assertThat(job.path("summary").path("eval_accuracy").asDouble()).isGreaterThan(0.9);
    assertThat(job.path("summary").has("eval_perplexity")).isFalse();
    JsonNode config = config("classified");
    assertThat(config.path("architectures").path(0).asText())
        .isEqualTo("BertForSequenceClassification");
    assertThat(config.path("id2label"))
        .isEqualTo(JSON.valueToTree(Map.of("0", "meow", "1", "moo", "2", "woof")));
    assertThat(config.path("label2id").path("woof").asInt()).isEqualTo(2);

    // Its head is kept: without learning anything it knows the labels.
    JsonNode again = trained(classify(
        "again",
        Map.of(
            "model_name_or_path", HOME.resolve("classified").toString(),
            "max_steps", 1,
            "learning_rate", 0)));
    assertThat(again.path("summary").path("eval_f1").asDouble())
        .isEqualTo(state.path("best_metric").asDouble());
  }

  @Test
  void shouldGoOnClassifyingFromACheckpointToTheBit() throws Exception {
    Map<String, Object> short_ = Map.of("max_steps", 20, "save_steps", 7);
    JsonNode unused = trained(classify("straight", short_));
    Map<String, Object> resuming = new HashMap<>(short_);
    resuming.put("resume_from_checkpoint", HOME.resolve("straight/checkpoint-7").toString());
    unused = trained(classify("resumed", resuming));
    assertThat(weights("resumed")).isEqualTo(weights("straight"));
    assertThat(weights("resumed"))
        .isNotEqualTo(Files.readAllBytes(HOME.resolve("straight/checkpoint-7/model.safetensors")));
  }

  @Test
  void shouldWriteTextsForTexts() throws Exception {
    JsonNode job = trained(job(
        "seq2seq/finetune",
        "rewritten",
        Map.of(
            "config",
            T5,
            "tokenizer_name",
            T5_TOKENIZER.toString(),
            "source_prefix",
            "say: ",
            "max_target_length",
            8,
            "learning_rate",
            3e-3,
            "max_steps",
            150)));
    JsonNode summary = job.path("summary");
    // Without a look at the source it is .86: the words' tokens alone.
    assertThat(summary.path("eval_accuracy").asDouble()).isGreaterThan(0.95);
    assertThat(summary.path("eval_loss").asDouble()).isPositive();
    assertThat(config("rewritten").path("model_type").asText()).isEqualTo("t5");
    JsonNode generation =
        JSON.readTree(HOME.resolve("rewritten/generation_config.json").toFile());
    assertThat(generation.path("decoder_start_token_id").asInt(-1)).isZero();
    assertThat(generation.path("eos_token_id").asInt()).isEqualTo(1);
  }

  @Test
  void shouldLearnWhatTheAssistantAnswers() throws Exception {
    Map<String, Object> chats =
        job("sft", "chatting", Map.of("max_seq_length", 64, "max_steps", 200));
    chats.put("model_name_or_path", HOME.resolve("gpt2").toString());
    JsonNode job = trained(chats);
    // The questions' words come by chance; only of answers so many tokens can be right.
    assertThat(job.path("summary").path("eval_accuracy").asDouble()).isGreaterThan(0.95);
    assertThat(HOME.resolve("chatting/chat_template.jinja")).hasContent(TEMPLATE);
    chats.put("output_dir", HOME.resolve("short").toString());
    chats.put("max_seq_length", 8);
    failed(chats, "train.jsonl:1 has no answer within max_seq_length of 8");
  }

  @Test
  void shouldNameTheRowThatCannotBeLearntFrom() throws Exception {
    Path validation = write("others.jsonl", "{\"text\": \"the cat\", \"label\": \"purr\"}\n");
    failed(
        classify("bad", Map.of("validation_file", validation.toString())),
        "others.jsonl:1 has the unknown label 'purr'; known are 3: meow, moo, woof");
    failed(
        classify("bad", Map.of("label_column_name", "intent")),
        "train.jsonl:1 has no column intent (label_column_name)");
    failed(
        classify("bad", Map.of("text_column_name", "sentence")),
        "train.jsonl:1 has no column sentence (text_column_name)");
    Map<String, Object> pairs = Map.of("config", T5, "tokenizer_name", T5_TOKENIZER.toString());
    Map<String, Object> noTarget = new HashMap<>(pairs);
    noTarget.put("summary_column", "target");
    failed(
        job("seq2seq/finetune", "bad", noTarget),
        "train.jsonl:1 has no column target (summary_column)");
  }

  private static void failed(Map<String, Object> job, String reason) throws Exception {
    JsonNode failed = node().await(node().submit(job), "failed");
    assertThat(failed.path("reason").asText()).startsWith("dataset_invalid: ").contains(reason);
    assertThat(failed.path("epoch").asInt()).as("no second try").isEqualTo(1);
  }

  @Test
  void shouldRefuseWhatDoesNotFitTheKind() throws Exception {
    String bert = HOME.resolve("bert").toString();
    String gpt2 = HOME.resolve("gpt2").toString();
    String model = "model_name_or_path";
    refused(
        classify("no", Map.of(model, gpt2)), model, "model_type gpt2 is not supported by classify");
    refused(job("sft", "no", Map.of(model, bert)), model, "model_type bert is not supported");
    refused(job("lm/finetune", "no", Map.of(model, bert)), model, "model_type bert");
    refused(job("seq2seq/finetune", "no", Map.of(model, gpt2)), model, "supported: t5");
    refused(
        job("mlm/pretrain", "no", Map.of("config", T5, "tokenizer_name", bert)),
        "config",
        "model_type t5 is not supported by mlm/pretrain");
    refused(
        job("mlm/pretrain", "no", Map.of("config", BERT, "tokenizer_name", gpt2)),
        "tokenizer_name",
        "no mask_token");
    refused(
        job("sft", "no", Map.of(model, gpt2, "tokenizer_name", bert)),
        "tokenizer_name",
        "no chat_template");
    refused(classify("no", Map.of("max_seq_length", 33)), "max_seq_length", "context of 32");
    refused(job("sft", "no", Map.of(model, gpt2, "max_seq_length", 65)), "max_seq_length", "of 64");
    refused(
        job("mlm/pretrain", "no", Map.of(model, bert, "mlm_probability", 0)),
        "mlm_probability",
        "more than 0");
    refused(classify("no", Map.of("publish", "mine")), "publish", "has no argument publish");
    refused(classify("no", Map.of("mlm_probability", 0.2)), "mlm_probability", "no argument");
    refused(
        classify(
            "no",
            Map.of(
                "eval_strategy", "epoch",
                "save_strategy", "epoch",
                "load_best_model_at_end", true,
                "metric_for_best_model", "perplexity")),
        "metric_for_best_model",
        "must be one of [eval_loss, eval_accuracy, eval_f1]");
  }

  private static void refused(Map<String, ?> job, String param, String text) throws Exception {
    TestNode.Answer answer = node().post("/v1/jobs", job);
    assertThat(answer.status()).as(job + ": " + answer.body()).isEqualTo(400);
    assertThat(answer.message()).contains(text);
    assertThat(answer.param()).as(answer.message()).isEqualTo(param);
  }
}
