package io.llmagentos.node.job;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;

/**
 * What a user submits: {@code type} (the kind of job), {@code name}, {@code priority}, {@code max_failures}, and the kind's own keys.
 *
 * @param kind such as {@code rl/ppo}
 * @param priority -100 to 100, higher first
 * @param maxFailures how often it may lose its driver without a new checkpoint in between before it has failed
 * @param settings the kind's own keys, a JSON object
 */
public record JobSpec(String kind, String name, int priority, int maxFailures, String settings) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());
  private static final int MAX_FAILURES = 5;

  public JobSpec {
    if (priority < -100 || priority > 100) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST, "priority must be -100 to 100, is " + priority, "priority");
    }
    if (maxFailures < 0 || maxFailures > 1000) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          "max_failures must be 0 to 1000, is " + maxFailures,
          "max_failures");
    }
    if (name.isBlank() || name.length() > 200) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          "name must have 1 to 200 characters, has " + name.length(),
          "name");
    }
  }

  /** From YAML, of which JSON is a part; {@code MALFORMED_JSON} with the place of the fault. */
  public static JobSpec parse(byte[] yaml) {
    return of(tree(yaml));
  }

  static ObjectNode tree(byte[] yaml) {
    try {
      JsonNode root = YAML.readTree(yaml);
      if (!root.isObject()) {
        throw new AgentOsException(
            ErrorCode.MALFORMED_JSON,
            "a job is a mapping with at least the key 'type', this is "
                + (root.isMissingNode() ? "empty" : root.getNodeType().toString()));
      }
      return (ObjectNode) root;
    } catch (IOException e) {
      throw new AgentOsException(
          ErrorCode.MALFORMED_JSON, "the job is neither YAML nor JSON: " + e.getMessage());
    }
  }

  /** From a tree; the kind's keys are checked by the kind. */
  public static JobSpec of(ObjectNode root) {
    ObjectNode settings = root.deepCopy();
    String kind = text(settings, "type", "");
    if (kind.isEmpty()) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST, "the key 'type' is missing: the kind of job", "type");
    }
    return new JobSpec(
        kind,
        text(settings, "name", kind),
        integer(settings, "priority", 0),
        integer(settings, "max_failures", MAX_FAILURES),
        settings.toString());
  }

  /** The kind's own keys as a tree. */
  public JsonNode tree() {
    try {
      return JSON.readTree(settings);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String text(ObjectNode from, String key, String otherwise) {
    JsonNode value = from.remove(key);
    if (value == null || value.isNull()) {
      return otherwise;
    }
    if (!value.isTextual()) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST, key + " must be a text, is " + value, key);
    }
    return value.asText();
  }

  private static int integer(ObjectNode from, String key, int otherwise) {
    JsonNode value = from.remove(key);
    if (value == null || value.isNull()) {
      return otherwise;
    }
    if (!value.isInt()) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST, key + " must be a whole number, is " + value, key);
    }
    return value.asInt();
  }
}
