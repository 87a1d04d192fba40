package io.llmagentos.model.nano;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.model.training.BytePairTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** The model directory's files about tokens and functions: tokenizer files, generation defaults, agentos.json. */
final class NanoFiles {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int MAX_TOKENS = 256;

  /** The last request of the dialogue, matched against the assistant's functions. */
  private static final String CHAT_TEMPLATE = "{%- set ns = namespace(request='') -%}"
      + "{%- for message in messages -%}{%- if message['role'] == 'user' -%}"
      + "{%- set ns.request = message['content'] -%}{%- endif -%}{%- endfor -%}"
      + "{{ '<|assistant|>' + (ns.request | trim) }}"
      + "{%- if add_generation_prompt -%}{{ '<|call|>' }}{%- endif -%}";

  private NanoFiles() {}

  static void write(
      Path directory,
      BytePairTokenizer tokenizer,
      Map<String, FunctionSet> sets,
      Map<String, Double> noneBias)
      throws IOException {
    Files.createDirectories(directory);
    tokenizer.write(directory.resolve("tokenizer.json"));
    put(
        directory.resolve("tokenizer_config.json"),
        JSON.createObjectNode()
            .put("tokenizer_class", "PreTrainedTokenizerFast")
            .put("add_prefix_space", true)
            .put("clean_up_tokenization_spaces", false)
            .put("model_max_length", MAX_TOKENS)
            .put("eos_token", FunctionSet.END)
            .put("pad_token", FunctionSet.PAD)
            .put("mask_token", FunctionSet.MASK)
            .put("chat_template", CHAT_TEMPLATE));
    put(
        directory.resolve("special_tokens_map.json"),
        JSON.createObjectNode()
            .put("eos_token", FunctionSet.END)
            .put("pad_token", FunctionSet.PAD)
            .put("mask_token", FunctionSet.MASK));
    put(
        directory.resolve("generation_config.json"),
        JSON.createObjectNode()
            .put("do_sample", false)
            .put("max_new_tokens", 48)
            .put("eos_token_id", tokenizer.special(FunctionSet.END))
            .put("pad_token_id", tokenizer.special(FunctionSet.PAD)));
    ObjectNode root = JSON.createObjectNode().put("format", "function-token-v1");
    ObjectNode all = root.putObject("sets");
    for (FunctionSet set : sets.values()) {
      ObjectNode node = all.putObject(set.name()).put("tag", set.tag());
      ObjectNode functions = node.putObject("functions");
      set.functions().forEach((function, slots) -> {
        ArrayNode names = functions.putArray(function);
        slots.forEach(names::add);
      });
      node.put("none", set.none());
      if (set.none()) {
        node.put("none_bias", noneBias.getOrDefault(set.name(), 0.0));
      }
    }
    root.put("call_token", FunctionSet.CALL)
        .put("none_token", FunctionSet.NONE)
        .put("end_token", FunctionSet.END);
    put(directory.resolve("agentos.json"), root);
  }

  static void put(Path file, JsonNode node) throws IOException {
    JSON.writerWithDefaultPrettyPrinter().writeValue(file.toFile(), node);
  }

  static Map<String, FunctionSet> sets(Path directory) throws IOException {
    var sets = new LinkedHashMap<String, FunctionSet>();
    for (Map.Entry<String, JsonNode> named : agentOs(directory).get("sets").properties()) {
      var functions = new TreeMap<String, SortedSet<String>>();
      named.getValue().get("functions").properties().forEach(f -> {
        SortedSet<String> slots = functions.computeIfAbsent(f.getKey(), k -> new TreeSet<>());
        f.getValue().forEach(s -> slots.add(s.asText()));
      });
      sets.put(
          named.getKey(),
          new FunctionSet(
              named.getKey(), functions, named.getValue().get("none").asBoolean()));
    }
    return sets;
  }

  static Map<String, Double> noneBias(Path directory) throws IOException {
    var biases = new LinkedHashMap<String, Double>();
    agentOs(directory)
        .get("sets")
        .properties()
        .forEach(e -> biases.put(e.getKey(), e.getValue().path("none_bias").asDouble(0)));
    return biases;
  }

  private static JsonNode agentOs(Path directory) throws IOException {
    return JSON.readTree(directory.resolve("agentos.json").toFile());
  }
}
