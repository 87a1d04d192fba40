package io.llmagentos.model.tokenizer.training;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmagentos.model.tokenizer.ByteSymbols;
import io.llmagentos.model.tokenizer.Tokenizer;
import io.llmagentos.model.tokenizer.Tokens;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What we write is loaded by Hugging Face's library, whose tokens are compared with those that the test works out from the file by itself. */
class TokenizerTrainersTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final List<String> TEXTS = List.of(
      "The lamp went out, and the lamplighter came back at nine o'clock.\n",
      "\"Don't turn the lights off!\" said the keeper; the keepers didn't listen.\n\n",
      "In 1998 the lighthouse had 24 windows and 1,250 steps...   all of them worn.\n",
      "Ein Leuchtturm ist höher als das Häuschen daneben, naïve café, Ærø, façade.\n",
      "灯台は海のそばにあります。灯台の光は遠くまで届きます。\n",
      "Маяк стоит на берегу моря, и маяк светит далеко.\n",
      "Smile 😀 wave 👋🏽 family 👨‍👩‍👧 flag 🇩🇪 — done…\tthen\ttabs  and   spaces \r\n",
      "lighter lighters lightest lighting lighthouse lighthouses lamplighters\n");

  private static final List<String> UNSEEN = List.of(
      "",
      " ",
      "\n\n  \t x",
      "The lightest lighthouse keeper's 1999 café 😀!",
      "we'll they've I'm he'd it's THEY'VE",
      "unseen: zyzzyva 🦓 ξένος עברית العربية ไทย 한국어",
      "a\u0301 combining, ﬁ ligature, \u00A0no-break, \u200Bzero\u200Dwidth",
      "x".repeat(150) + " long",
      "100% of $5.00 + 3^2 = <tag> `code` ~ |pipe| 12345678901234567890");

  @TempDir
  private Path directory = Path.of("");

  private static <T extends TokenizerTrainer> T fed(T trainer) {
    for (int i = 0; i < 3; i++) {
      TEXTS.forEach(trainer::add);
    }
    return trainer;
  }

  /** Texts seen, unseen, and random. */
  private static List<String> texts() {
    List<String> texts = new ArrayList<>(TEXTS);
    texts.addAll(UNSEEN);
    SplittableRandom random = new SplittableRandom(5);
    String letters = String.join("", TEXTS) + "ÄßΩЖ中🦓";
    int[] all = letters.codePoints().toArray();
    for (int i = 0; i < 200; i++) {
      int[] text =
          random.ints(1 + random.nextInt(30), 0, all.length).map(c -> all[c]).toArray();
      texts.add(new String(text, 0, text.length));
    }
    return texts;
  }

  private Tokenizer load(TrainedTokenizer trained) throws IOException {
    trained.write(directory, 512);
    return Tokenizer.load(directory);
  }

  private JsonNode model() throws IOException {
    return JSON.readTree(directory.resolve("tokenizer.json").toFile()).path("model");
  }

  /** Joins, of all neighbours that may be joined, those that were learnt first. */
  private static List<String> bytePairs(String symbols, Map<String, Integer> ranks) {
    List<String> parts =
        new ArrayList<>(symbols.codePoints().mapToObj(Character::toString).toList());
    while (true) {
      int best = IntStream.range(0, parts.size() - 1)
          .filter(t -> ranks.containsKey(parts.get(t) + " " + parts.get(t + 1)))
          .boxed()
          .min((a, b) -> Integer.compare(
              ranks.getOrDefault(parts.get(a) + " " + parts.get(a + 1), -1),
              ranks.getOrDefault(parts.get(b) + " " + parts.get(b + 1), -1)))
          .orElse(-1);
      if (best < 0) {
        return parts;
      }
      parts.set(best, parts.get(best) + parts.remove(best + 1));
    }
  }

  @Test
  void shouldWriteByteLevelBytePairsThatTheLibraryReadsAlike() throws IOException {
    TrainedTokenizer trained = fed(new ByteLevelBpeTrainer(400)).train();
    assertThat(trained.size()).isEqualTo(400);
    try (Tokenizer tokenizer = load(trained)) {
      Map<String, Integer> ranks = new HashMap<>();
      model().path("merges").forEach(merge -> ranks.put(merge.asText(), ranks.size()));
      for (String text : texts()) {
        Tokens tokens = tokenizer.encode(text, true);
        assertThat(tokenizer.decode(tokens.ids(), false)).isEqualTo(text);
        List<String> expected = new ArrayList<>();
        for (String word : words(tokens, text)) {
          expected.addAll(bytePairs(ByteSymbols.of(word), ranks));
        }
        assertThat(tokens.tokens()).as(text).isEqualTo(expected);
        for (int t = 0; t < tokens.length(); t++) {
          assertThat(tokens.ids()[t])
              .isEqualTo(model().path("vocab").path(tokens.tokens().get(t)).asInt(-1));
        }
        assertThat(tokenizer.ids(text, true)).isEqualTo(tokens.ids());
      }
      assertThat(tokenizer.encode("the lighthouse", false).tokens())
          .contains("Ġlighthouse"); // something was learnt
      assertThat(tokenizer.encode("a<|endoftext|>b", false).ids()).contains(0);
    }
  }

  /** The text of each word of the library's. */
  private static List<String> words(Tokens tokens, String text) {
    Map<Integer, StringBuilder> words = new TreeMap<>();
    for (int t = 0; t < tokens.length(); t++) {
      words
          .computeIfAbsent(tokens.wordIds()[t], word -> new StringBuilder())
          .append(tokens.tokens().get(t));
    }
    // Symbols of bytes back to bytes: their text.
    Map<Character, Integer> bytes = new HashMap<>();
    for (int b = 0; b < 256; b++) {
      bytes.put(ByteSymbols.symbol(b), b);
    }
    List<String> texts = words.values().stream()
        .map(symbols -> {
          byte[] utf8 = new byte[symbols.length()];
          for (int i = 0; i < utf8.length; i++) {
            utf8[i] = (byte) (int) bytes.getOrDefault(symbols.charAt(i), -1);
          }
          return new String(utf8, StandardCharsets.UTF_8);
        })
        .toList();
    assertThat(String.join("", texts)).isEqualTo(text);
    return texts;
  }

  @Test
  void shouldCutWordsAsTheLibraryDoes() throws IOException {
    try (Tokenizer tokenizer = load(fed(new ByteLevelBpeTrainer(300)).train())) {
      for (String text : texts()) {
        assertThat(ByteLevelBpeTrainer.words(text))
            .as(text)
            .isEqualTo(words(tokenizer.encode(text, true), text));
      }
    }
  }

  /** The longest piece that is known, from the left; an unknown rest makes the word unknown. */
  private static List<String> pieces(String word, JsonNode vocabulary) {
    int[] characters = word.codePoints().toArray();
    List<String> pieces = new ArrayList<>();
    int from = 0;
    while (from < characters.length && characters.length <= 100) {
      int to = characters.length;
      String piece = "";
      while (to > from) {
        piece = (from > 0 ? "##" : "") + new String(characters, from, to - from);
        if (vocabulary.has(piece)) {
          break;
        }
        to--;
      }
      if (to == from) {
        return List.of("[UNK]");
      }
      pieces.add(piece);
      from = to;
    }
    return characters.length <= 100 ? pieces : List.of("[UNK]");
  }

  @Test
  void shouldWriteWordPiecesThatTheLibraryReadsAlike() throws IOException {
    TrainedTokenizer trained = fed(new WordPieceTrainer(300)).train();
    assertThat(trained.size()).isEqualTo(300);
    try (Tokenizer tokenizer = load(trained)) {
      JsonNode vocabulary = model().path("vocab");
      for (String text : texts()) {
        List<String> expected = BertWords.of(text).stream()
            .flatMap(word -> pieces(word, vocabulary).stream())
            .toList();
        assertThat(tokenizer.encode(text, false).tokens()).as(text).isEqualTo(expected);
        Tokens special = tokenizer.encode(text, true);
        assertThat(special.tokens().getFirst()).isEqualTo("[CLS]");
        assertThat(special.tokens().getLast()).isEqualTo("[SEP]");
        assertThat(special.ids()[special.length() - 1])
            .isEqualTo(vocabulary.path("[SEP]").asInt(-1));
      }
      assertThat(tokenizer.encode("lighthouse [MASK] lamplighter", false).tokens())
          .contains("lighthouse", "[MASK]")
          .anyMatch(token -> token.startsWith("##") || token.equals("lamplighter"));
      assertThat(tokenizer.decode(
              tokenizer.encode("The lamplighters listen.", true).ids(), true))
          .isEqualTo("the lamplighters listen.");
      Tokens pair = tokenizer.encode("the lamp", "the keeper", true);
      assertThat(pair.typeIds()).contains(0, 1).endsWith(1);
    }
  }

  @Test
  void shouldWriteCharactersThatTheLibraryReadsAlike() throws IOException {
    TrainedTokenizer trained = fed(new CharacterTrainer()).train();
    int[] characters = String.join("", TEXTS).codePoints().distinct().sorted().toArray();
    assertThat(trained.size()).isEqualTo(characters.length);
    try (Tokenizer tokenizer = load(trained)) {
      for (String text : texts()) {
        int[] expected = text.codePoints()
            .map(c -> Arrays.binarySearch(characters, c))
            .filter(id -> id >= 0)
            .toArray();
        assertThat(tokenizer.ids(text, true)).as(text).isEqualTo(expected);
        String seen = text.codePoints()
            .filter(c -> Arrays.binarySearch(characters, c) >= 0)
            .mapToObj(Character::toString)
            .collect(Collectors.joining());
        assertThat(tokenizer.decode(expected, false)).isEqualTo(seen);
      }
    }
  }

  @Test
  void shouldLearnTheSameFromTheSameTexts() {
    assertThat(fed(new ByteLevelBpeTrainer(350)).train().json())
        .isEqualTo(fed(new ByteLevelBpeTrainer(350)).train().json());
    TokenizerTrainer backwards = new WordPieceTrainer(300);
    for (int i = 0; i < 3; i++) {
      TEXTS.reversed().forEach(backwards::add);
    }
    assertThat(backwards.train().json())
        .isEqualTo(fed(new WordPieceTrainer(300)).train().json());
  }

  @Test
  void shouldHaveFewerTokensThanAskedForWhereTheTextsGiveNoMore() {
    ByteLevelBpeTrainer trainer = new ByteLevelBpeTrainer(1000);
    trainer.add("aa aa b");
    assertThat(trainer.train().size()).isEqualTo(257 + 1); // " aa" was seen once
  }

  @Test
  void shouldSayWhichTokensAreSpecial() throws IOException {
    fed(new WordPieceTrainer(300)).train().write(directory, 128);
    JsonNode config = JSON.readTree(Files.readString(directory.resolve("tokenizer_config.json")));
    JsonNode map = JSON.readTree(Files.readString(directory.resolve("special_tokens_map.json")));
    assertThat(config.path("model_max_length").asInt()).isEqualTo(128);
    for (JsonNode file : List.of(config, map)) {
      assertThat(file.path("mask_token").asText()).isEqualTo("[MASK]");
      assertThat(file.path("pad_token").asText()).isEqualTo("[PAD]");
    }
    fed(new ByteLevelBpeTrainer(300)).train().write(directory, 128);
    assertThat(JSON.readTree(Files.readString(directory.resolve("special_tokens_map.json")))
            .path("eos_token")
            .asText())
        .isEqualTo("<|endoftext|>");
  }
}
