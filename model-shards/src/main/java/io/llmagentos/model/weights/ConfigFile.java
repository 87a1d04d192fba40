package io.llmagentos.model.weights;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A JSON object of a model directory, whose missing or wrong values become errors that name file, key and value. */
record ConfigFile(Path file, JsonNode json) {
  private static final JsonMapper JSON = new JsonMapper();

  static ConfigFile read(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new AgentOsException(
          ErrorCode.MODEL_FILE_MISSING,
          file + " does not exist; a model is a directory with config.json and *.safetensors");
    }
    try {
      JsonNode json = JSON.readTree(Files.readString(file));
      if (!json.isObject()) {
        throw new AgentOsException(
            ErrorCode.MODEL_FILE_CORRUPT, file + " is not a JSON object but " + json.getNodeType());
      }
      return new ConfigFile(file, json);
    } catch (JsonProcessingException e) {
      throw new AgentOsException(
          ErrorCode.MODEL_FILE_CORRUPT, file + " is not JSON: " + e.getOriginalMessage(), null, e);
    } catch (IOException e) {
      throw new AgentOsException(
          ErrorCode.MODEL_FILE_CORRUPT, file + " cannot be read: " + e.getMessage(), null, e);
    }
  }

  /** What a {@code config.json} begins with. */
  static ObjectNode object(String architecture, String modelType) {
    ObjectNode json = JSON.createObjectNode();
    json.putArray("architectures").add(architecture);
    return json.put("model_type", modelType).put("torch_dtype", "float32");
  }

  /** The decimal number that a float was read from. */
  static double exact(float value) {
    return Double.parseDouble(Float.toString(value));
  }

  boolean has(String key) {
    return json.hasNonNull(key);
  }

  String text(String key) {
    JsonNode value = json.path(key);
    if (!value.isTextual()) {
      throw wrong(key, "a string", value);
    }
    return value.asText();
  }

  int positive(String key) {
    JsonNode value = json.path(key);
    if (!value.isIntegralNumber() || !value.canConvertToInt() || value.asInt() < 1) {
      throw wrong(key, "an integer of 1 or more", value);
    }
    return value.asInt();
  }

  int positive(String key, int otherwise) {
    return has(key) ? positive(key) : otherwise;
  }

  double positiveNumber(String key) {
    JsonNode value = json.path(key);
    if (!value.isNumber() || !(value.asDouble() > 0) || Double.isInfinite(value.asDouble())) {
      throw wrong(key, "a number above 0", value);
    }
    return value.asDouble();
  }

  double positiveNumber(String key, double otherwise) {
    return has(key) ? positiveNumber(key) : otherwise;
  }

  double probability(String key, double otherwise) {
    JsonNode value = json.path(key);
    if (!has(key)) {
      return otherwise;
    }
    if (!value.isNumber() || !(value.asDouble() >= 0 && value.asDouble() < 1)) {
      throw wrong(key, "a probability below 1", value);
    }
    return value.asDouble();
  }

  /** A token's id; -1 where there is none. */
  int token(String key) {
    JsonNode value = json.path(key);
    if (!has(key)) {
      return -1;
    }
    if (!value.isIntegralNumber() || !value.canConvertToInt()) {
      throw wrong(key, "a token's id", value);
    }
    return value.asInt();
  }

  boolean flag(String key, boolean otherwise) {
    JsonNode value = json.path(key);
    if (!has(key)) {
      return otherwise;
    }
    if (!value.isBoolean()) {
      throw wrong(key, "true or false", value);
    }
    return value.asBoolean();
  }

  /** The object under {@code key}, for messages still of this file. */
  ConfigFile object(String key) {
    JsonNode value = json.path(key);
    if (!value.isObject()) {
      throw wrong(key, "an object", value);
    }
    return new ConfigFile(file, value);
  }

  void requireDivides(String divisorKey, int divisor, String key, int value) {
    if (value % divisor != 0) {
      throw new AgentOsException(
          ErrorCode.MODEL_FILE_CORRUPT,
          file + ": " + key + " " + value + " is no multiple of " + divisorKey + " " + divisor);
    }
  }

  AgentOsException unsupported(String key, Object value, String supported) {
    return new AgentOsException(
        ErrorCode.MODEL_UNSUPPORTED,
        file + ": " + key + " " + value + " is not supported; supported: " + supported);
  }

  private AgentOsException wrong(String key, String expected, JsonNode value) {
    String found = value.isMissingNode() ? "missing" : value.toString();
    return new AgentOsException(
        ErrorCode.MODEL_FILE_CORRUPT, file + ": " + key + " must be " + expected + ", is " + found);
  }
}
