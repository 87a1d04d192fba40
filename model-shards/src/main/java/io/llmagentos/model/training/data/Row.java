package io.llmagentos.model.training.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmagentos.model.training.arguments.Argument;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A row of a data set: a line of a text file, or an object of JSON lines.
 *
 * @param content the line with its end
 * @param endsDocument whether nothing after it belongs to the same text
 */
record Row(Path file, long line, String content, boolean endsDocument) {
  private static final ObjectMapper JSON = new ObjectMapper();

  private boolean isJson() {
    return DataFiles.isJsonLines(file);
  }

  /**
   * The text of a language model: of JSON lines the column's, of a text file the line.
   *
   * @param breaks whether a line keeps its end
   */
  String text(Argument<String> argument, String column, boolean breaks) {
    if (isJson()) {
      return object().text(argument, column);
    }
    return breaks ? content : content.replaceFirst("\\r?\\n$", "");
  }

  /** The columns. Throws {@code DATASET_INVALID} where the line is no JSON object. */
  Columns object() {
    if (!isJson()) {
      throw invalid("is a line of text: JSON lines (.jsonl) are needed here", "train_file");
    }
    try {
      JsonNode json = JSON.readTree(content);
      if (!json.isObject()) {
        throw invalid("is no JSON object but " + json.getNodeType(), "train_file");
      }
      return new Columns(this, json);
    } catch (JsonProcessingException e) {
      throw invalid("is not JSON: " + e.getOriginalMessage(), "train_file");
    }
  }

  AgentOsException invalid(String what, String key) {
    return new AgentOsException(ErrorCode.DATASET_INVALID, file + ":" + line + " " + what, key);
  }

  /** The columns of a row of JSON lines. */
  record Columns(Row row, JsonNode json) {
    /** What a column has. Throws {@code DATASET_INVALID} with the columns there are. */
    JsonNode column(Argument<String> argument, String column) {
      JsonNode value = json.path(column);
      if (value.isMissingNode() || value.isNull()) {
        String there =
            json.properties().stream().map(Map.Entry::getKey).collect(Collectors.joining(", "));
        throw row.invalid(
            "has no column " + column + " (" + argument + "); it has " + there, argument.name());
      }
      return value;
    }

    /** The text in a column. Throws {@code DATASET_INVALID}. */
    String text(Argument<String> argument, String column) {
      JsonNode value = column(argument, column);
      if (!value.isTextual()) {
        throw row.invalid(
            "has in column " + column + " no text but " + value.getNodeType(), argument.name());
      }
      return value.asText();
    }
  }
}
