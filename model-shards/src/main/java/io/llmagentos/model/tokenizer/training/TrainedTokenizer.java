package io.llmagentos.model.tokenizer.training;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.model.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;
import java.util.SequencedMap;

/**
 * A tokenizer as its files.
 *
 * @param json {@code tokenizer.json}
 * @param roles such as {@code eos_token}, and the token that has it
 */
public record TrainedTokenizer(JsonNode json, SequencedMap<String, String> roles) {
  static final ObjectMapper JSON = new ObjectMapper();

  /** Tokens. */
  public int size() {
    return json.path("model").path("vocab").size();
  }

  /**
   * Writes {@code tokenizer.json}, {@code tokenizer_config.json} and {@code special_tokens_map.json}.
   *
   * @param modelMaxLength of a text in tokens
   */
  public void write(Path directory, int modelMaxLength) throws IOException {
    Files.createDirectories(directory);
    ObjectNode config = JSON.createObjectNode()
        .put("tokenizer_class", "PreTrainedTokenizerFast")
        .put("clean_up_tokenization_spaces", false)
        .put("model_max_length", modelMaxLength);
    ObjectNode map = JSON.createObjectNode();
    roles.forEach((role, token) -> {
      config.put(role, token);
      map.put(role, token);
    });
    put(directory.resolve(Tokenizer.FILE), json);
    put(directory.resolve("tokenizer_config.json"), config);
    put(directory.resolve("special_tokens_map.json"), map);
  }

  private static void put(Path file, JsonNode node) throws IOException {
    JSON.writerWithDefaultPrettyPrinter().writeValue(file.toFile(), node);
  }

  /** The beginning of a {@code tokenizer.json}: no truncation, no padding, and the special tokens. */
  static ObjectNode head(Collection<String> specials, Map<String, Integer> ids) {
    ObjectNode root = JSON.createObjectNode().put("version", "1.0");
    root.putNull("truncation");
    root.putNull("padding");
    ArrayNode added = root.putArray("added_tokens");
    for (String special : specials) {
      added
          .addObject()
          .put("id", ids.get(special))
          .put("content", special)
          .put("single_word", false)
          .put("lstrip", false)
          .put("rstrip", false)
          .put("normalized", false)
          .put("special", true);
    }
    return root;
  }

  /** A model of type BPE without merges. */
  static ObjectNode putBpe(ObjectNode root, Map<String, Integer> ids) {
    ObjectNode model = root.putObject("model").put("type", "BPE");
    model.putNull("dropout");
    model.putNull("unk_token");
    model.putNull("continuing_subword_prefix");
    model.putNull("end_of_word_suffix");
    model.put("fuse_unk", false).put("byte_fallback", false).put("ignore_merges", false);
    ObjectNode vocabulary = model.putObject("vocab");
    ids.forEach(vocabulary::put);
    model.putArray("merges");
    return model;
  }
}
