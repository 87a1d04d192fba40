package io.llmagentos.model.functions;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.model.tokenizer.Tokenizer;
import io.llmagentos.model.weights.ModelConfig;
import io.llmagentos.model.weights.ModelFiles;
import io.llmagentos.model.weights.Parameter;
import io.llmagentos.model.weights.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.TreeSet;

/** Makes a model's directory one of function tokens: its tokens, how a chat becomes a request, how an answer is decoded. */
public final class FunctionDirectory {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String CONFIG = "config.json";
  private static final int MAX_NEW_TOKENS = 48;

  private FunctionDirectory() {}

  /** The tokens that sets need, in a fixed order: markup, tags, functions, slots. */
  public static List<String> tokens(FunctionSets sets) {
    TreeSet<String> functions = new TreeSet<>();
    TreeSet<String> slots = new TreeSet<>();
    SequencedSet<String> all = new LinkedHashSet<>(CallTokens.MARKUP);
    for (FunctionSet set : sets.sets().values()) {
      all.add(set.tag());
      set.functions().forEach((function, own) -> {
        functions.add(CallTokens.function(function));
        own.forEach(slot -> slots.add(CallTokens.slot(slot)));
      });
    }
    all.addAll(functions);
    all.addAll(slots);
    return List.copyOf(all);
  }

  /** The roles of the markup. */
  public static SequencedMap<String, String> roles() {
    SequencedMap<String, String> roles = new LinkedHashMap<>();
    roles.put("eos_token", CallTokens.END);
    roles.put("pad_token", CallTokens.PAD);
    roles.put("mask_token", CallTokens.MASK);
    return roles;
  }

  /**
   * Adds the tokens that a model lacks to its tokenizer, and to its embeddings rows that begin as the mean of the pieces of the token's own name, so that
   * {@code <fn:reset_password>} begins near "reset password". What is not there is not read: a directory without weights stays without.
   */
  public static void extend(Path model, FunctionSets sets) throws IOException {
    List<List<Integer>> pieces = new ArrayList<>();
    try (Tokenizer tokenizer = Tokenizer.load(model)) {
      Path file = model.resolve(Tokenizer.FILE);
      ObjectNode json = (ObjectNode) JSON.readTree(file.toFile());
      ArrayNode added = json.withArray("added_tokens");
      int size = tokenizer.vocabulary().size();
      for (String token : tokens(sets)) {
        if (tokenizer.vocabulary().id(token) < 0) {
          added
              .addObject()
              .put("id", size + pieces.size())
              .put("content", token)
              .put("single_word", false)
              .put("lstrip", false)
              .put("rstrip", false)
              .put("normalized", false)
              .put("special", true);
          pieces.add(
              Arrays.stream(tokenizer.encodePlain(words(token)).ids()).boxed().toList());
        }
      }
      if (pieces.isEmpty()) {
        return;
      }
      JSON.writeValue(file.toFile(), json);
      grow(model, size, pieces);
    }
  }

  /** {@code reset password} of {@code <fn:reset_password>}. */
  private static String words(String token) {
    return token
        .replaceAll("^<(fn:|arg:|\\|)|\\|?>$", "")
        .replaceAll("(?<=\\p{Ll})(?=\\p{Lu})|[_.-]+", " ");
  }

  private static void grow(Path model, int size, List<List<Integer>> pieces) throws IOException {
    ObjectNode others = ModelFiles.config(model);
    int grown = size + pieces.size();
    boolean weights;
    try (var files = Files.list(model)) {
      weights = files.anyMatch(ModelFiles::areWeights);
    }
    if (!weights) {
      others.put("vocab_size", grown);
      JSON.writerWithDefaultPrettyPrinter().writeValue(model.resolve(CONFIG).toFile(), others);
      return;
    }
    List<Tensor> tensors = new ArrayList<>();
    ModelConfig before = ModelConfig.read(model);
    try (ModelFiles files = ModelFiles.open(model)) {
      for (Parameter parameter : before.parameters()) {
        float[] values = files.tensor(parameter).toFloats();
        long[] shape = parameter.shape();
        if (isOfVocabulary(parameter, before)) {
          values = grow(values, Math.toIntExact(shape[1]), size, pieces);
          shape[0] = grown;
        }
        tensors.add(Tensor.of(parameter.name(), values, shape));
      }
    }
    others.put("vocab_size", grown);
    Path config = model.resolve(CONFIG);
    JSON.writeValue(config.toFile(), others);
    ModelConfig after = ModelConfig.read(model);
    try (var files = Files.list(model)) {
      for (Path file : files.filter(ModelFiles::areWeights).toList()) {
        Files.delete(file); // a link to the weights as they were
      }
    }
    Files.deleteIfExists(model.resolve("model.safetensors.index.json"));
    ModelFiles.write(model, after, others, tensors);
  }

  private static boolean isOfVocabulary(Parameter parameter, ModelConfig config) {
    return parameter.shape().length == 2
        && parameter.shape()[0] == config.vocabSize()
        && (parameter.head()
            || parameter.name().contains("embed_tokens")
            || parameter.name().endsWith("wte.weight"));
  }

  /** Rows behind the tokenizer's last token are not in use: new ones take their place. */
  private static float[] grow(float[] values, int width, int size, List<List<Integer>> pieces) {
    float[] grown = Arrays.copyOf(values, (size + pieces.size()) * width);
    for (int row = 0; row < pieces.size(); row++) {
      for (int i = 0; i < width; i++) {
        double sum = 0;
        for (int piece : pieces.get(row)) {
          sum += values[piece * width + i];
        }
        grown[(size + row) * width + i] =
            (float) (sum / Math.max(1, pieces.get(row).size()));
      }
    }
    return grown;
  }

  /** Writes how a chat becomes a request (its last message of the user, to the default set) and how an answer is decoded. */
  public static void writeChat(Path model, FunctionSets sets, Tokenizer tokenizer)
      throws IOException {
    ObjectNode config = JSON.createObjectNode()
        .put("tokenizer_class", "PreTrainedTokenizerFast")
        .put("add_prefix_space", true)
        .put("clean_up_tokenization_spaces", false)
        .put("model_max_length", ModelConfig.read(model).contextLength());
    ObjectNode map = JSON.createObjectNode();
    roles().forEach((role, token) -> {
      config.put(role, token);
      map.put(role, token);
    });
    config.put("chat_template", template(sets.set(sets.defaultSet()).tag()));
    put(model.resolve("tokenizer_config.json"), config);
    put(model.resolve("special_tokens_map.json"), map);
    put(
        model.resolve("generation_config.json"),
        JSON.createObjectNode()
            .put("do_sample", false)
            .put("max_new_tokens", MAX_NEW_TOKENS)
            .put("eos_token_id", tokenizer.requireId(CallTokens.END))
            .put("pad_token_id", tokenizer.requireId(CallTokens.PAD)));
  }

  private static String template(String tag) {
    return "{%- set ns = namespace(request='') -%}"
        + "{%- for message in messages -%}{%- if message['role'] == 'user' -%}"
        + "{%- set ns.request = message['content'] -%}{%- endif -%}{%- endfor -%}"
        + "{{ '" + tag + "' + (ns.request | trim) }}"
        + "{%- if add_generation_prompt -%}{{ '" + CallTokens.CALL + "' }}{%- endif -%}";
  }

  private static void put(Path file, JsonNode node) throws IOException {
    JSON.writerWithDefaultPrettyPrinter().writeValue(file.toFile(), node);
  }
}
