package io.llmagentos.model.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The tokens of a {@code tokenizer.json} by name and by id, and the bytes each one stands for. Immutable. */
public final class Vocabulary {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern BYTE_TOKEN = Pattern.compile("<0x([0-9A-F]{2})>");

  private final Map<String, Integer> ids;
  private final BitSet special;
  private final @Nullable String[] names;
  private final boolean byteLevel;
  private final @Nullable Pattern specialNames;

  private Vocabulary(Map<String, Integer> ids, BitSet special, boolean byteLevel) {
    this.ids = Map.copyOf(ids);
    this.special = special;
    this.byteLevel = byteLevel;
    this.names =
        new @Nullable String[ids.values().stream().mapToInt(id -> id + 1).max().orElse(0)];
    ids.forEach((name, id) -> names[id] = name);
    List<String> quoted = new ArrayList<>();
    special.stream()
        .mapToObj(id -> names[id])
        .filter(name -> name != null && name.length() > 1)
        .sorted((a, b) -> b.length() - a.length())
        .forEach(name -> quoted.add(Pattern.quote(name)));
    this.specialNames = quoted.isEmpty() ? null : Pattern.compile(String.join("|", quoted));
  }

  static Vocabulary parse(byte[] tokenizerJson) throws IOException {
    JsonNode root = JSON.readTree(tokenizerJson);
    JsonNode vocab = root.path("model").path("vocab");
    Map<String, Integer> ids = new HashMap<>();
    if (vocab.isArray()) { // Unigram: [[piece, score], ...]
      for (int i = 0; i < vocab.size(); i++) {
        ids.put(vocab.get(i).get(0).asText(), i);
      }
    } else {
      vocab
          .properties()
          .forEach(entry -> ids.put(entry.getKey(), entry.getValue().asInt()));
    }
    if (ids.isEmpty()) {
      throw new IOException("it has no model.vocab");
    }
    BitSet special = new BitSet();
    for (JsonNode added : root.path("added_tokens")) {
      ids.put(added.path("content").asText(), added.path("id").asInt());
      special.set(added.path("id").asInt());
    }
    return new Vocabulary(ids, special, root.path("decoder").toString().contains("ByteLevel"));
  }

  /** One more than the highest id. */
  public int size() {
    return names.length;
  }

  /** The id of a token by its exact name; -1: there is none. */
  public int id(String name) {
    return ids.getOrDefault(name, -1);
  }

  /** The token's name; null: the id is not in use. */
  public @Nullable String name(int id) {
    return id >= 0 && id < names.length ? names[id] : null;
  }

  /** Whether the token is an added one (special, or markup such as {@code <tool_call>}): no part of ordinary text. */
  public boolean isAdded(int id) {
    return special.get(id);
  }

  /** All tokens that are no part of ordinary text. */
  public BitSet added() {
    return (BitSet) special.clone();
  }

  /** The bytes of text that a token stands for; null: it is an added token or an id not in use. */
  public byte @Nullable [] bytes(int id) {
    String name = name(id);
    if (name == null || special.get(id)) {
      return null;
    }
    if (byteLevel) {
      return ByteSymbols.bytes(name);
    }
    Matcher matcher = BYTE_TOKEN.matcher(name);
    if (matcher.matches()) {
      return new byte[] {(byte) Integer.parseInt(matcher.group(1), 16)};
    }
    return name.replace('\u2581', ' ').getBytes(StandardCharsets.UTF_8);
  }

  /** Positions inside names of added tokens at which the text has to be cut so that they stay plain characters. */
  public List<Integer> cutsInSpecialTokens(String text) {
    if (specialNames == null) {
      return List.of();
    }
    List<Integer> cuts = new ArrayList<>();
    Matcher matcher = specialNames.matcher(text);
    int from = 0;
    while (matcher.find(from)) {
      int cut = matcher.start() + Character.charCount(text.codePointAt(matcher.start()));
      cuts.add(cut);
      from = cut;
    }
    return cuts;
  }
}
