package io.llmagentos.model.training.trainer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmagentos.model.tokenizer.Tokenizer;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;

/** The tokens that have a role, as {@code tokenizer_config.json} says. */
final class SpecialTokens {
  static final String FILE = "tokenizer_config.json";

  private static final ObjectMapper JSON = new ObjectMapper();

  private SpecialTokens() {}

  /** @param role such as {@code eos_token} */
  static OptionalInt id(Path model, Tokenizer tokenizer, String role) throws IOException {
    Path file = model.resolve(FILE);
    if (!Files.exists(file)) {
      return OptionalInt.empty();
    }
    JsonNode said = read(file).path(role);
    int id = tokenizer.vocabulary().id(said.path("content").asText(said.asText()));
    return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
  }

  private static JsonNode read(Path file) throws IOException {
    try {
      return JSON.readTree(Files.readAllBytes(file));
    } catch (JsonProcessingException e) {
      throw new AgentOsException(
          ErrorCode.MODEL_FILE_CORRUPT, file + " is not JSON: " + e.getOriginalMessage(), FILE, e);
    }
  }
}
