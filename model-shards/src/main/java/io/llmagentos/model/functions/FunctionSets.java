package io.llmagentos.model.functions;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.stream.IntStream;

/**
 * What {@code agentos.json} says: a model's sets of functions by name.
 *
 * @param ngramWeight what the scores of the {@link NgramClassifier} beside the model are multiplied by before they are added to its logits; 0: there is none
 */
public record FunctionSets(SequencedMap<String, FunctionSet> sets, double ngramWeight) {
  public static final String FILE = "agentos.json";

  /** Without n-grams. */
  private static final String PLAIN = "function-token-v1";

  private static final String WITH_NGRAMS = "function-token-v2";
  private static final List<String> FORMATS = List.of(PLAIN, WITH_NGRAMS);
  private static final ObjectMapper JSON = new ObjectMapper();

  /** The set of the project's own assistant is not the first one of agentos-nano. */
  private static final String ASSISTANT = "assistant";

  public FunctionSets {
    sets = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(sets));
  }

  /** The set that is meant where a request names no function: the assistant's if there is one, else the first. */
  public String defaultSet() {
    return sets.containsKey(ASSISTANT) ? ASSISTANT : sets.firstEntry().getKey();
  }

  /** One that there is. */
  public FunctionSet set(String name) {
    return Objects.requireNonNull(sets.get(name), name);
  }

  /** Throws {@code MODEL_FILE_CORRUPT} and {@code MODEL_UNSUPPORTED}. */
  public static FunctionSets read(Path directory) {
    Path file = directory.resolve(FILE);
    JsonNode root;
    try {
      root = JSON.readTree(Files.readAllBytes(file));
    } catch (JsonProcessingException e) {
      throw new AgentOsException(
          ErrorCode.MODEL_FILE_CORRUPT, file + " is not JSON: " + e.getOriginalMessage(), FILE, e);
    } catch (IOException e) {
      throw new AgentOsException(
          ErrorCode.MODEL_FILE_MISSING, file + " cannot be read: " + e.getMessage(), FILE, e);
    }
    String format = root.path("format").asText();
    if (!FORMATS.contains(format)) {
      throw new AgentOsException(
          ErrorCode.MODEL_UNSUPPORTED,
          file + " has format '" + format + "', known are " + FORMATS,
          "format");
    }
    SequencedMap<String, FunctionSet> sets = new LinkedHashMap<>();
    root.path("sets").properties().forEach(set -> sets.put(set.getKey(), set(set.getValue())));
    if (sets.isEmpty()) {
      throw new AgentOsException(ErrorCode.MODEL_FILE_CORRUPT, file + " has no sets", "sets");
    }
    return new FunctionSets(sets, root.path("ngram_weight").asDouble());
  }

  private static FunctionSet set(JsonNode node) {
    SequencedMap<String, List<String>> functions = new LinkedHashMap<>();
    node.path("functions")
        .properties()
        .forEach(function -> functions.put(function.getKey(), strings(function.getValue())));
    return new FunctionSet(
        node.path("tag").asText(),
        functions,
        node.path("none").asBoolean(),
        node.path("none_bias").asDouble());
  }

  private static List<String> strings(JsonNode array) {
    return IntStream.range(0, array.size()).mapToObj(i -> array.get(i).asText()).toList();
  }

  public void write(Path directory) throws IOException {
    ObjectNode root = JSON.createObjectNode().put("format", ngramWeight == 0 ? PLAIN : WITH_NGRAMS);
    if (ngramWeight != 0) {
      root.put("ngram_weight", ngramWeight);
    }
    ObjectNode all = root.putObject("sets");
    sets.forEach((name, set) -> {
      ObjectNode node = all.putObject(name).put("tag", set.tag());
      ObjectNode functions = node.putObject("functions");
      set.functions().forEach((function, slots) -> {
        ArrayNode names = functions.putArray(function);
        slots.forEach(names::add);
      });
      node.put("none", set.none());
      if (set.none()) {
        node.put("none_bias", set.noneBias());
      }
    });
    root.put("call_token", CallTokens.CALL)
        .put("none_token", CallTokens.NONE)
        .put("end_token", CallTokens.END);
    JSON.writerWithDefaultPrettyPrinter().writeValue(directory.resolve(FILE).toFile(), root);
  }
}
