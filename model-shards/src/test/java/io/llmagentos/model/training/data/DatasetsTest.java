package io.llmagentos.model.training.data;

import static io.llmagentos.model.training.data.TestData.arguments;
import static io.llmagentos.model.training.data.TestData.corpus;
import static io.llmagentos.model.training.data.TestData.refused;
import static io.llmagentos.model.training.data.TestData.tokenizer;
import static org.assertj.core.api.Assertions.assertThat;

import io.llmagentos.model.tokenizer.ChatTemplate;
import io.llmagentos.model.tokenizer.Tokenizer;
import io.llmagentos.model.tokenizer.Tokenizer.Truncation;
import io.llmagentos.model.training.Batch;
import io.llmagentos.model.training.arguments.Arguments;
import io.llmagentos.model.training.arguments.DataArguments;
import io.llmagentos.model.training.arguments.TrainingTask;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatasetsTest {
  private static final String CHAT_ML = "{% for m in messages %}<|im_start|>{{ m['role'] }}\\n"
      + "{{ m['content'] }}<|im_end|>\\n{% endfor %}"
      + "{% if add_generation_prompt %}<|im_start|>assistant\\n{% endif %}";

  @TempDir
  private Path directory = Path.of("");

  private Path file(String name, String content) throws IOException {
    return Files.writeString(directory.resolve(name), content);
  }

  private static int[] all(Examples examples) {
    return IntStream.range(0, (int) examples.size())
        .flatMap(i -> IntStream.of(examples.get(i).inputIds()))
        .toArray();
  }

  @Test
  void shouldPackLinesIntoBlocksAndDropTheRest() throws IOException {
    Path a = file("a.txt", "the lamp went out\n\nand the light\n");
    Path b = file("b.jsonl", "{\"text\": \"a second\\ndocument\"}\n");
    Arguments arguments = arguments(TrainingTask.LM_FINETUNE, "-", Map.of());
    try (Tokenizer tokenizer = tokenizer("gpt2-bpe")) {
      int end = tokenizer.requireId("<|endoftext|>");
      int[] stream = IntStream.concat(
              IntStream.of(tokenizer.encode("the lamp went out\n", true).ids()),
              IntStream.concat(
                  IntStream.of(tokenizer.encode("\n", true).ids()),
                  IntStream.concat(
                      IntStream.concat(
                          IntStream.of(tokenizer.encode("and the light\n", true).ids()),
                          IntStream.of(end)),
                      IntStream.concat(
                          IntStream.of(
                              tokenizer.encode("a second\ndocument", true).ids()),
                          IntStream.of(end)))))
          .toArray();
      Datasets.writeText(
          directory, "train", corpus(a, b), arguments, tokenizer, OptionalInt.of(end));
      try (Examples examples = Datasets.openText(directory, "train", 7, DataArguments.BLOCK_SIZE)) {
        assertThat(examples.size()).isEqualTo(stream.length / 7).isGreaterThan(2);
        assertThat(stream.length % 7).isPositive();
        assertThat(all(examples)).isEqualTo(Arrays.copyOf(stream, stream.length / 7 * 7));
        assertThat(examples.get(1).labels()).isEqualTo(examples.get(1).inputIds());
      }
      Datasets.writeText(
          directory, "plain", corpus(a, b), arguments, tokenizer, OptionalInt.empty());
      try (Examples examples = Datasets.openText(directory, "plain", 1, DataArguments.BLOCK_SIZE)) {
        assertThat(all(examples))
            .isEqualTo(IntStream.of(stream).filter(token -> token != end).toArray());
      }
      assertThat(
              refused(() -> Datasets.openText(directory, "train", 1000, DataArguments.BLOCK_SIZE)))
          .isEqualTo("the train data have fewer tokens than one block of 1000");
    }
  }

  @Test
  void shouldKeepOrDropLineBreaks() throws IOException {
    Path a = file("a.txt", "one\ntwo\n");
    try (Tokenizer tokenizer = tokenizer("gpt2-bpe")) {
      for (boolean keep : new boolean[] {true, false}) {
        Arguments arguments =
            arguments(TrainingTask.LM_FINETUNE, "-", Map.of("keep_linebreaks", keep));
        Datasets.writeText(
            directory, "train", corpus(a), arguments, tokenizer, OptionalInt.empty());
        try (Examples examples =
            Datasets.openText(directory, "train", 1, DataArguments.BLOCK_SIZE)) {
          assertThat(tokenizer.decode(all(examples), false))
              .isEqualTo(keep ? "one\ntwo\n" : "onetwo");
        }
      }
    }
  }

  @Test
  void shouldPutSpecialTokensAroundEachLineOfAMaskedModel() throws IOException {
    Path a = file("a.txt", "the lamp\nwent out\n");
    Arguments arguments = arguments(TrainingTask.MLM_PRETRAIN, "-", Map.of());
    try (Tokenizer tokenizer = tokenizer("bert-wordpiece-uncased")) {
      Datasets.writeText(directory, "train", corpus(a), arguments, tokenizer, OptionalInt.empty());
      try (Examples examples = Datasets.openText(directory, "train", 1, DataArguments.BLOCK_SIZE)) {
        assertThat(tokenizer.decode(all(examples), false))
            .isEqualTo("[CLS] the lamp [SEP] [CLS] went out [SEP]");
      }
    }
  }

  @Test
  void shouldNumberLabelsAndNameAnUnknownOne() throws IOException {
    Path train = file("train.jsonl", """
        {"text": "turn it on", "intent": "on"}
        {"text": "how old are you my friend", "intent": "age"}
        """);
    Path dev = file("dev.jsonl", """
        {"text": "x", "intent": "on"}
        {"text": "x", "intent": "off"}
        """);
    Arguments arguments =
        arguments(TrainingTask.CLASSIFY_FINETUNE, "-", Map.of("label_column_name", "intent"));
    Labels labels = Labels.of(corpus(train), "intent");
    assertThat(labels.names()).containsExactly("age", "on");
    Truncation truncation = new Truncation(Truncation.Strategy.LONGEST_FIRST, 5);
    try (Tokenizer tokenizer =
        Tokenizer.load(TestData.goldenTokenizer("bert-wordpiece-uncased"), truncation)) {
      Datasets.writeClassification(directory, "train", corpus(train), arguments, tokenizer, labels);
      try (Examples examples = Datasets.openExamples(directory, "train")) {
        assertThat(examples.size()).isEqualTo(2);
        assertThat(examples.get(0).labels()).containsExactly(1);
        assertThat(examples.get(1).labels()).containsExactly(0);
        assertThat(examples.get(1).inputIds())
            .hasSize(5)
            .isEqualTo(tokenizer.encode("how old are you my friend", true).ids())
            .endsWith(tokenizer.requireId("[SEP]"));
      }
      assertThat(refused(() -> Datasets.writeClassification(
              directory, "dev", corpus(dev), arguments, tokenizer, labels)))
          .isEqualTo(dev + ":2 has the unknown label 'off'; known are 2: age, on");
    }
  }

  @Test
  void shouldRefuseAFileWithoutExamples() throws IOException {
    Path blank = file("blank.jsonl", "\n\n");
    Arguments arguments = arguments(TrainingTask.CLASSIFY_FINETUNE, "-", Map.of());
    try (Tokenizer tokenizer = tokenizer("bert-wordpiece-uncased")) {
      Datasets.writeClassification(
          directory, "train", corpus(blank), arguments, tokenizer, new Labels(List.of("a")));
      assertThat(refused(() -> Datasets.openExamples(directory, "train")))
          .isEqualTo("the train data have no examples");
    }
  }

  @Test
  void shouldSortLabelsThatAreNumbersByValue() throws IOException {
    Path train = file(
        "train.jsonl", "{\"label\": 10}\n{\"label\": 2}\n{\"label\": \"1a\"}\n{\"label\": -1}\n");
    assertThat(Labels.of(corpus(train), "label").names()).containsExactly("-1", "2", "10", "1a");
  }

  @Test
  void shouldPairSourcesAndTargets() throws IOException {
    Path train = file(
        "train.jsonl", "{\"en\": \"the lamp\", \"de\": \"die Lampe ist noch heute sehr alt\"}\n");
    Arguments arguments = arguments(
        TrainingTask.SEQ2SEQ_FINETUNE,
        "-",
        Map.of("text_column", "en", "summary_column", "de", "source_prefix", "to German: "));
    Path t5 = TestData.goldenTokenizer("t5-unigram");
    try (Tokenizer source = Tokenizer.load(t5);
        Tokenizer target =
            Tokenizer.load(t5, new Truncation(Truncation.Strategy.LONGEST_FIRST, 6))) {
      Datasets.writeSeq2Seq(directory, "train", corpus(train), arguments, source, target);
      try (Examples examples = Datasets.openExamples(directory, "train")) {
        Example example = examples.get(0);
        int end = source.requireId("</s>");
        assertThat(example.inputIds())
            .isEqualTo(source.encode("to German: the lamp", true).ids())
            .endsWith(end);
        assertThat(example.labels()).hasSize(6).endsWith(end);
        int pad = source.requireId("<pad>");
        Batch batch = Collator.seq2seq(pad, pad).collate(examples, new long[] {0}, 0);
        int[] decoder = Objects.requireNonNull(batch.decoderInputIds())[0];
        assertThat(decoder).startsWith(pad).hasSize(6);
        assertThat(Arrays.copyOfRange(decoder, 1, 6)).isEqualTo(Arrays.copyOf(example.labels(), 5));
      }
    }
  }

  @Test
  void shouldLearnWhatTheAssistantSays() throws IOException {
    Path model = directory.resolve("model");
    Files.createDirectories(model);
    Files.copy(
        TestData.goldenTokenizer("qwen2-bpe").resolve("tokenizer.json"),
        model.resolve("tokenizer.json"));
    Files.writeString(
        model.resolve("tokenizer_config.json"), "{\"chat_template\": \"" + CHAT_ML + "\"}");
    Path train = file(
        "train.jsonl",
        "{\"messages\": [{\"role\": \"user\", \"content\": \"héllo 😀\"},"
            + "{\"role\": \"assistant\", \"content\": \"good däy\"},"
            + "{\"role\": \"user\", \"content\": \"bye\"},"
            + "{\"role\": \"assistant\", \"content\": \"see you\"}]}\n");
    ChatTemplate template = ChatTemplate.load(model).orElseThrow();
    try (Tokenizer tokenizer = Tokenizer.load(model)) {
      Datasets.writeChats(directory, "train", corpus(train), template, tokenizer, 1000);
      try (Examples examples = Datasets.openExamples(directory, "train")) {
        Example example = examples.get(0);
        assertThat(tokenizer.decode(example.inputIds(), false)).isEqualTo("""
            <|im_start|>user
            héllo 😀<|im_end|>
            <|im_start|>assistant
            good däy<|im_end|>
            <|im_start|>user
            bye<|im_end|>
            <|im_start|>assistant
            see you<|im_end|>
            """);
        int[] learnt = IntStream.of(example.labels())
            .filter(label -> label != Batch.IGNORED)
            .toArray();
        assertThat(tokenizer.decode(learnt, false))
            .isEqualTo("good däy<|im_end|>see you<|im_end|>");
        for (int t = 0; t < learnt.length; t++) {
          assertThat(example.labels()[t]).isIn(Batch.IGNORED, example.inputIds()[t]);
        }
      }
      int first = 1 + firstLearnt(directory);
      Datasets.writeChats(directory, "cut", corpus(train), template, tokenizer, first);
      try (Examples examples = Datasets.openExamples(directory, "cut")) {
        assertThat(examples.get(0).inputIds()).hasSize(first);
      }
      assertThat(refused(() -> Datasets.writeChats(
              directory, "short", corpus(train), template, tokenizer, first - 1)))
          .startsWith(train + ":1 has no answer within max_seq_length of " + (first - 1));
      Path silent =
          file("silent.jsonl", "{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}]}\n");
      assertThat(refused(() ->
              Datasets.writeChats(directory, "silent", corpus(silent), template, tokenizer, 100)))
          .isEqualTo(silent + ":1 has no messages with an answer of the assistant");
    }
  }

  private static int firstLearnt(Path directory) throws IOException {
    try (Examples examples = Datasets.openExamples(directory, "train")) {
      int[] labels = examples.get(0).labels();
      return IntStream.range(0, labels.length)
          .filter(t -> labels[t] != Batch.IGNORED)
          .findFirst()
          .orElseThrow();
    }
  }

  @Test
  void shouldTrainTheTokenizerOfTheText() throws IOException {
    Path text = file("a.txt", "the lamp, the light, the lamplighter\nthe lamp\n");
    Arguments characters = Arguments.parse(
        TrainingTask.LM_PRETRAIN,
        Map.of("config", "x", "tokenizer_type", "character", "train_file", "-", "output_dir", "o"));
    assertThat(Datasets.trainTokenizer(corpus(text), characters).size())
        .isEqualTo("the lamp, the light, the lamplighter\n".chars().distinct().count());
    for (String type : List.of("byte_level_bpe", "wordpiece")) {
      Arguments arguments = Arguments.parse(
          TrainingTask.LM_PRETRAIN,
          Map.of(
              "config", "x",
              "tokenizer_type", type,
              "vocab_size", 262,
              "train_file", "-",
              "output_dir", "o"));
      Datasets.trainTokenizer(corpus(text), arguments).write(directory, 100);
      try (Tokenizer tokenizer = Tokenizer.load(directory)) {
        assertThat(tokenizer.encode("the the", false).length()).isLessThanOrEqualTo(3);
      }
    }
  }

  @Test
  void shouldGoThroughFarMoreTextThanItKeeps() throws IOException {
    // A directory of more rows than one file has; one row is held at a time.
    Path many = Files.createDirectory(directory.resolve("many"));
    String line = "the lamp went out and the light came back\n";
    for (int i = 0; i < 4; i++) {
      Files.writeString(many.resolve(i + ".txt"), line.repeat(10_000));
    }
    Arguments arguments = arguments(TrainingTask.LM_FINETUNE, many.toString(), Map.of());
    try (Tokenizer tokenizer = tokenizer("gpt2-bpe")) {
      Corpus corpus = Corpus.of(arguments).train();
      Datasets.writeText(directory, "train", corpus, arguments, tokenizer, OptionalInt.empty());
      int perLine = tokenizer.encode(line, true).length();
      try (Examples examples =
          Datasets.openText(directory, "train", perLine, DataArguments.BLOCK_SIZE)) {
        assertThat(examples.size()).isEqualTo(40_000);
        assertThat(examples.get(39_999).inputIds()).isEqualTo(examples.get(0).inputIds());
      }
    }
  }

  @Test
  void shouldRefuseWhatIsNotTheColumnItWasToldOf() throws IOException {
    Path json = file("a.jsonl", "{\"text\": \"x\"}\n{\"body\": \"x\"}\n");
    Arguments arguments =
        arguments(TrainingTask.LM_FINETUNE, "-", Map.of("text_column_name", "text"));
    try (Tokenizer tokenizer = tokenizer("gpt2-bpe")) {
      assertThat(refused(() -> Datasets.writeText(
              directory, "train", corpus(json), arguments, tokenizer, OptionalInt.empty())))
          .startsWith(json + ":2 has no column text (" + DataArguments.TEXT_COLUMN_NAME + ")");
      assertThat(List.of(directory.toFile().list())).noneMatch(name -> name.endsWith(".partial"));
    }
  }
}
