package io.llmagentos.model.training.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import io.llmagentos.model.GoldenData;
import io.llmagentos.model.djl.PyTorch;
import io.llmagentos.model.tokenizer.Tokenizer;
import io.llmagentos.model.tokenizer.training.WordPieceTrainer;
import io.llmagentos.model.training.Batch;
import io.llmagentos.model.training.EngineSettings;
import io.llmagentos.model.training.Transformer;
import io.llmagentos.model.training.arguments.Arguments;
import io.llmagentos.model.training.arguments.TrainingTask;
import io.llmagentos.model.training.data.Examples;
import io.llmagentos.model.weights.BertConfig;
import io.llmagentos.model.weights.T5Config;
import io.llmagentos.model.weights.TransformerConfig;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each kind of training from its files on. */
class TaskTest {
  private static final String[] KEYS = {"cat", "lamp", "rain"};
  private static final String[] LABELS = {"animal", "thing", "weather"};
  private static final String[] OTHERS = {"the", "a", "old", "went", "out", "over", "there", "now"};
  private static final Map<String, Object> BERT = Map.of(
      "model_type", "bert",
      "hidden_size", 16,
      "num_hidden_layers", 2,
      "num_attention_heads", 2,
      "intermediate_size", 32,
      "max_position_embeddings", 24,
      "hidden_dropout_prob", 0,
      "attention_probs_dropout_prob", 0);
  private static final Map<String, Object> T5 = Map.of(
      "model_type", "t5",
      "d_model", 16,
      "d_kv", 8,
      "d_ff", 32,
      "num_layers", 1,
      "num_heads", 2,
      "dropout_rate", 0,
      "vocab_size", 464);
  private static final Path T5_TOKENIZER =
      GoldenData.resources().resolve("tokenizers").resolve("t5-unigram");

  @TempDir
  private Path home = Path.of("");

  @BeforeAll
  static void setThreads() {
    PyTorch.threads(1);
  }

  /** Sentences of 2 to 9 words; the word that is decisive stands somewhere. */
  private Path data(String name, int rows, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    StringBuilder lines = new StringBuilder();
    for (int row = 0; row < rows; row++) {
      int kind = random.nextInt(KEYS.length);
      String[] words = new String[2 + random.nextInt(8)];
      Arrays.setAll(words, i -> OTHERS[random.nextInt(OTHERS.length)]);
      words[random.nextInt(words.length)] = KEYS[kind];
      lines.append("{\"text\": \"%s\", \"label\": \"%s\", \"summary\": \"%s\"}\n"
          .formatted(String.join(" ", words), LABELS[kind], LABELS[kind]));
    }
    return write(name, lines.toString());
  }

  private Path write(String name, String content) {
    try {
      return Files.writeString(home.resolve(name), content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An encoder with random weights and the tokenizer of its data. */
  private Path bert() throws IOException {
    Path model = home.resolve("bert");
    WordPieceTrainer trainer = new WordPieceTrainer(80);
    Files.readAllLines(data("words.jsonl", 60, 1)).forEach(trainer::add);
    trainer.train().write(model, 24);
    Map<String, Object> json = new HashMap<>(BERT);
    json.put("vocab_size", 80);
    write(
        "bert/config.json",
        new com.fasterxml.jackson.databind.ObjectMapper().valueToTree(json).toString());
    try (Transformer fresh =
        Transformer.initial(TransformerConfig.read(model), EngineSettings.FLOAT32, 5)) {
      fresh.save(model);
    }
    return model;
  }

  private Arguments arguments(TrainingTask task, Map<String, ?> more) throws IOException {
    Map<String, Object> all = new HashMap<>(Map.of(
        "train_file",
        data("train.jsonl", 48, 2).toString(),
        "validation_file",
        data("validation.jsonl", 21, 3).toString(),
        "output_dir",
        "there",
        "do_eval",
        true,
        "logging_steps",
        1,
        "lr_scheduler_type",
        "constant",
        "max_steps",
        100));
    switch (task) {
      case CLASSIFY_FINETUNE -> all.put("model_name_or_path", bert().toString());
      case SEQ2SEQ_FINETUNE ->
        all.putAll(Map.of("config", T5, "tokenizer_name", T5_TOKENIZER.toString()));
      default ->
        all.putAll(Map.of("config", BERT, "tokenizer_type", "wordpiece", "vocab_size", 80));
    }
    all.putAll(more);
    return Arguments.parse(task, all);
  }

  private Path prepare(String name, Arguments arguments) throws IOException {
    Path files = Files.createDirectories(home.resolve(name));
    TrainingFiles.check(arguments, Files.createDirectories(home.resolve(name + "-check")));
    TrainingFiles.prepare(arguments, files);
    return files;
  }

  private static TrainingData open(Arguments arguments, Path files) {
    try {
      TransformerConfig config = TransformerConfig.read(TrainingFiles.model(files));
      return TrainingFiles.open(arguments, files, config);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Transformer initial(Arguments arguments, Path files) {
    try {
      return TrainingFiles.initial(arguments, files, EngineSettings.FLOAT32);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What rank 0 says of each step. */
  private static Map<Long, Map<String, Number>> train(Arguments arguments, Path files, int ranks)
      throws Exception {
    return SimulatedRanks.run(ranks, rank -> {
          Map<Long, Map<String, Number>> lines = new HashMap<>();
          try (Transformer model = initial(arguments, files);
              TrainingData data = open(arguments, files)) {
            Trainer trainer = new Trainer(
                arguments, model, data, TrainerState.BEGINNING, rank, new Lines(lines), () -> 0);
            assertThat(trainer.train()).isTrue();
          }
          return lines;
        })
        .getFirst();
  }

  private record Lines(Map<Long, Map<String, Number>> lines) implements Trainer.Observer {
    @Override
    public void logged(long step, Map<String, Number> metrics) {
      lines.put(step, metrics);
    }

    @Override
    public String save(TrainerState state) {
      return "";
    }

    @Override
    public boolean pausing() {
      return false;
    }

    @Override
    public boolean stopped() {
      return false;
    }
  }

  private static double metric(Map<Long, Map<String, Number>> lines, long step, String name) {
    return lines.getOrDefault(step, Map.of()).getOrDefault(name, Double.NaN).doubleValue();
  }

  @ParameterizedTest
  @EnumSource(names = {"CLASSIFY_FINETUNE", "SEQ2SEQ_FINETUNE", "MLM_PRETRAIN"})
  void shouldLoseOnTwoRanksAsOnOne(TrainingTask task) throws Exception {
    double rate = task == TrainingTask.SEQ2SEQ_FINETUNE ? 1e-2 : 3e-3;
    Arguments one = arguments(task, Map.of("learning_rate", rate));
    Arguments two = arguments(
        task, Map.of("learning_rate", rate, "per_device_train_batch_size", 4, "num_processes", 2));
    Path files = prepare("files", one);
    var alone = train(one, files, 1);
    var together = train(two, files, 2);
    for (long step = 1; step <= 100; step++) {
      assertThat(metric(together, step, "loss"))
          .as("step " + step)
          .isCloseTo(metric(alone, step, "loss"), within(1e-5));
    }
    assertThat(metric(alone, 100, "loss")).isLessThan(metric(alone, 1, "loss") - 0.3);
    for (String name : Evaluation.metrics(one)) {
      assertThat(metric(together, 100, name))
          .as(name)
          .isCloseTo(metric(alone, 100, name), within(1e-3));
    }
  }

  @Test
  void shouldGiveAnEncoderAHeadForTheLabelsOfTheData() throws IOException {
    Arguments arguments = arguments(TrainingTask.CLASSIFY_FINETUNE, Map.of("max_seq_length", 5));
    Path files = prepare("files", arguments);
    BertConfig config = (BertConfig) TransformerConfig.read(TrainingFiles.model(files));
    assertThat(config.labels()).containsExactly(LABELS);
    try (Transformer model = initial(arguments, files);
        TrainingData data = open(arguments, files)) {
      assertThat(data.train().size()).isEqualTo(48);
      assertThat(data.validation().orElseThrow().size()).isEqualTo(21);
      assertThat(Arrays.stream(lengths(data.train())).max().orElse(0)).as("cut").isEqualTo(5);
      Batch batch = data.collator().collate(data.train(), new long[] {0, 1, 2}, 0);
      assertThat(model.logits(batch)[0]).hasSize(3);
    }
    Arguments whole = arguments(TrainingTask.CLASSIFY_FINETUNE, Map.of());
    try (TrainingData data = open(whole, prepare("whole", whole))) {
      assertThat(Arrays.stream(lengths(data.train())).max().orElse(0)).isGreaterThan(8);
    }
  }

  private static int[] lengths(Examples examples) {
    return IntStream.range(0, (int) examples.size())
        .map(i -> examples.get(i).inputIds().length)
        .toArray();
  }

  private static float[] head(Transformer model) {
    return model.weights().stream()
        .filter(tensor -> tensor.name().equals("classifier.weight"))
        .findFirst()
        .orElseThrow()
        .toFloats();
  }

  @Test
  void shouldKeepTheHeadOfAClassifierThatKnowsTheLabels() throws IOException {
    Path classifier = home.resolve("classifier");
    Arguments first = arguments(TrainingTask.CLASSIFY_FINETUNE, Map.of());
    Path files = prepare("files", first);
    float[] head;
    try (Transformer model = initial(first, files)) {
      model.save(classifier);
      head = head(model);
    }
    for (String name : List.of("tokenizer.json", "tokenizer_config.json")) {
      Files.copy(home.resolve("bert").resolve(name), classifier.resolve(name));
    }
    Map<String, Object> again =
        new HashMap<>(Map.of("model_name_or_path", classifier.toString(), "seed", 9));
    Path less = write("less.jsonl", "{\"text\": \"rain\", \"label\": \"weather\"}\n");
    again.put("train_file", less.toString());
    again.put("validation_file", less.toString());
    Arguments kept = arguments(TrainingTask.CLASSIFY_FINETUNE, again);
    Path keptFiles = prepare("kept", kept);
    try (Transformer model = initial(kept, keptFiles);
        TrainingData data = open(kept, keptFiles)) {
      assertThat(head(model)).isEqualTo(head);
      assertThat(data.train().get(0).labels()).as("its number of old").containsExactly(2);
    }
    Path others = write("others.jsonl", """
        {"text": "rain", "label": "weather"}
        {"text": "run", "label": "verb"}
        """);
    again.put("train_file", others.toString());
    again.put("validation_file", others.toString());
    Arguments unknown = arguments(TrainingTask.CLASSIFY_FINETUNE, again);
    assertThatExceptionOfType(AgentOsException.class)
        .isThrownBy(() -> prepare("unknown", unknown))
        .withMessage(
            others + ":2 has the unknown label 'verb'; known are 3: animal, thing, weather")
        .satisfies(e -> assertThat(e.param()).isEqualTo("label_column_name"));
    again.put("ignore_mismatched_sizes", true);
    Arguments anew = arguments(TrainingTask.CLASSIFY_FINETUNE, again);
    Path anewFiles = prepare("anew", anew);
    try (Transformer model = initial(anew, anewFiles);
        TrainingData data = open(anew, anewFiles)) {
      assertThat(((BertConfig) model.config()).labels()).containsExactly("verb", "weather");
      assertThat(data.train().size()).isEqualTo(2);
    }
    // A checkpoint for other labels is none of this training.
    TransformerConfig old = TransformerConfig.read(classifier);
    assertThatExceptionOfType(AgentOsException.class)
        .isThrownBy(() -> TrainingFiles.open(anew, anewFiles, old))
        .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.CHECKPOINT_INVALID))
        .withMessageContaining("[animal, thing, weather]")
        .withMessageContaining("[verb, weather]");
  }

  @Test
  void shouldNeedTwoLabels() throws IOException {
    Path one = write("one.jsonl", "{\"text\": \"rain\", \"intent\": 1}\n");
    Arguments arguments = arguments(
        TrainingTask.CLASSIFY_FINETUNE,
        Map.of("train_file", one.toString(), "label_column_name", "intent"));
    assertThatExceptionOfType(AgentOsException.class)
        .isThrownBy(() -> prepare("files", arguments))
        .withMessageContaining("have the label [1]");
  }

  @Test
  void shouldCutAndPrefixWhatIsRewritten() throws IOException {
    Path pairs = write("pairs.jsonl", """
        {"en": "the old lamp went out over there", "de": "the rain went over the old lamp now"}
        """);
    Map<String, Object> columns = new HashMap<>(Map.of(
        "train_file",
        pairs.toString(),
        "text_column",
        "en",
        "summary_column",
        "de",
        "do_eval",
        false,
        "config_overrides",
        Map.of("num_layers", 2)));
    Arguments whole = arguments(TrainingTask.SEQ2SEQ_FINETUNE, columns);
    columns.putAll(
        Map.of("source_prefix", "now: ", "max_source_length", 9, "max_target_length", 6));
    Arguments cut = arguments(TrainingTask.SEQ2SEQ_FINETUNE, columns);
    Path files = prepare("cut", cut);
    T5Config t5 = (T5Config) TransformerConfig.read(TrainingFiles.model(files));
    assertThat(t5.numLayers()).isEqualTo(2);
    assertThat(TrainingFiles.model(files).resolve("generation_config.json"))
        .content()
        .contains("decoder_start_token_id");
    try (TrainingData data = open(cut, files);
        TrainingData all = open(whole, prepare("whole", whole));
        Tokenizer tokenizer = Tokenizer.load(T5_TOKENIZER)) {
      int[] source = data.train().get(0).inputIds();
      assertThat(source).hasSize(9).endsWith(t5.eosTokenId());
      assertThat(tokenizer.decode(source, true)).startsWith("now: the");
      assertThat(data.train().get(0).labels()).hasSize(6).endsWith(t5.eosTokenId());
      assertThat(all.train().get(0).inputIds())
          .isEqualTo(tokenizer.ids("the old lamp went out over there", true))
          .hasSizeGreaterThan(9);
      assertThat(all.train().get(0).labels()).hasSizeGreaterThan(6);
      assertThat(data.validation()).isEmpty();
      int[][] decoder = Objects.requireNonNull(
          data.collator().collate(data.train(), new long[] {0}, 0).decoderInputIds());
      assertThat(decoder[0][0]).isEqualTo(t5.decoderStartTokenId());
    }
  }

  @Test
  void shouldHideSoManyTokensOfBlocks() throws IOException {
    for (double probability : new double[] {0.15, 0.6}) {
      Arguments arguments = arguments(
          TrainingTask.MLM_PRETRAIN, Map.of("mlm_probability", probability, "max_seq_length", 20));
      Path files = prepare("files-" + probability, arguments);
      try (TrainingData data = open(arguments, files)) {
        assertThat(lengths(data.train())).containsOnly(20).hasSizeGreaterThan(10);
        long[] some = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
        Batch batch = data.collator().collate(data.train(), some, 0);
        long hidden = Arrays.stream(Objects.requireNonNull(batch.labels()))
            .flatMapToInt(Arrays::stream)
            .filter(label -> label != Batch.IGNORED)
            .count();
        // Of each row two or three or so are special.
        assertThat(hidden / 200.0).isBetween(probability * 0.4, probability * 1.3);
      }
    }
  }

  @Test
  void shouldGoOnMaskingWithTheEncoderOfAClassifier() throws IOException {
    Arguments labels = arguments(TrainingTask.CLASSIFY_FINETUNE, Map.of());
    Path files = prepare("files", labels);
    Path classifier = home.resolve("classifier");
    float[] embedding;
    try (Transformer model = initial(labels, files)) {
      model.save(classifier);
      embedding = model.weights().getFirst().toFloats();
    }
    Map<String, Object> more = new HashMap<>(Map.of(
        "model_name_or_path",
        classifier.toString(),
        "tokenizer_name",
        home.resolve("bert").toString()));
    Arrays.asList("config", "tokenizer_type", "vocab_size").forEach(key -> more.put(key, null));
    Arguments masking = arguments(TrainingTask.MLM_PRETRAIN, more);
    Path maskingFiles = prepare("masking", masking);
    assertThat(TrainingFiles.model(maskingFiles).resolve("config.json"))
        .content()
        .contains("BertForMaskedLM")
        .doesNotContain("label");
    try (Transformer model = initial(masking, maskingFiles);
        TrainingData data = open(masking, maskingFiles)) {
      assertThat(model.weights().getFirst().toFloats()).isEqualTo(embedding);
      Batch batch = data.collator().collate(data.train(), new long[] {0, 1}, 0);
      assertThat(model.evaluate(batch).loss().targets()).isPositive();
    }
  }
}
