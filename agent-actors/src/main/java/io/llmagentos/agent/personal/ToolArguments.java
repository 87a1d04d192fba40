package io.llmagentos.agent.personal;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Optional;

/** The arguments of a call: a JSON object whose values are usually the principal's own words. */
public record ToolArguments(JsonNode json) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Throws {@link ToolException} when {@code json} is no JSON object. */
  public static ToolArguments parse(String json) {
    try {
      JsonNode node = JSON.readTree(json);
      if (!node.isObject()) {
        throw new ToolException(
            "The arguments of a call must be a JSON object, not " + node.getNodeType() + ".");
      }
      return new ToolArguments(node);
    } catch (JsonProcessingException e) {
      throw new ToolException(
          "The arguments of a call must be a JSON object: " + e.getOriginalMessage());
    }
  }

  /** The argument as text; a list's items are joined by commas. Empty when absent, null or blank. */
  public Optional<String> text(String name) {
    JsonNode node = json.path(name);
    String text = node.isArray()
        ? String.join(", ", node.valueStream().map(JsonNode::asText).toList())
        : node.isNull() || node.isMissingNode() ? "" : node.asText();
    return text.isBlank() ? Optional.empty() : Optional.of(text.strip());
  }
}
