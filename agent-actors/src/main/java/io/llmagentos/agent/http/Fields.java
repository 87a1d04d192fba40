package io.llmagentos.agent.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The fields of a JSON object in a request. What has a wrong type or is out of range is refused with its path, its value and what is expected. A
 * field that is null counts as absent; fields that nobody asks for are ignored.
 *
 * @param path of the object within the body; empty for the body itself
 */
record Fields(JsonNode object, String path) {
  private static final int SHOWN = 64;

  static Fields of(JsonNode object, String path) {
    if (!object.isObject()) {
      throw invalid(path, object, "must be an object");
    }
    return new Fields(object, path);
  }

  static AgentOsException invalid(String path, JsonNode value, String expected) {
    String text = value.isMissingNode() ? "missing" : value.toString();
    return new AgentOsException(
        ErrorCode.INVALID_REQUEST,
        "'" + path + "' " + expected + ", is "
            + (text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "..."),
        path);
  }

  String pathOf(String name) {
    return path.isEmpty() ? name : path + "." + name;
  }

  boolean has(String name) {
    return object.hasNonNull(name);
  }

  JsonNode get(String name) {
    return object.path(name);
  }

  AgentOsException invalid(String name, String expected) {
    return invalid(pathOf(name), get(name), expected);
  }

  Optional<String> text(String name) {
    if (!has(name)) {
      return Optional.empty();
    }
    if (!get(name).isTextual()) {
      throw invalid(name, "must be a string");
    }
    return Optional.of(get(name).textValue());
  }

  String requiredText(String name) {
    return text(name)
        .filter(text -> !text.isEmpty())
        .orElseThrow(() -> invalid(name, "must be a string that is not empty"));
  }

  boolean flag(String name) {
    if (has(name) && !get(name).isBoolean()) {
      throw invalid(name, "must be true or false");
    }
    return get(name).asBoolean(false);
  }

  long whole(String name, long least, long most, long otherwise) {
    if (!has(name)) {
      return otherwise;
    }
    JsonNode value = get(name);
    if (!value.isIntegralNumber()
        || !value.canConvertToLong()
        || value.longValue() < least
        || value.longValue() > most) {
      throw invalid(name, "must be a whole number from " + least + " to " + most);
    }
    return value.longValue();
  }

  float number(String name, float least, float most, float otherwise) {
    if (!has(name)) {
      return otherwise;
    }
    double value = get(name).isNumber() ? get(name).doubleValue() : Double.NaN;
    if (!(value >= least && value <= most)) {
      throw invalid(name, "must be a number from " + least + " to " + most);
    }
    return (float) value;
  }

  Optional<Fields> object(String name) {
    return has(name) ? Optional.of(of(get(name), pathOf(name))) : Optional.empty();
  }

  Fields requiredObject(String name) {
    return of(get(name), pathOf(name));
  }

  /** The objects of a list; empty when it is absent. */
  List<Fields> objects(String name) {
    if (!has(name)) {
      return List.of();
    }
    if (!get(name).isArray()) {
      throw invalid(name, "must be a list");
    }
    List<Fields> objects = new ArrayList<>();
    for (JsonNode each : get(name)) {
      objects.add(of(each, pathOf(name) + "[" + objects.size() + "]"));
    }
    return objects;
  }
}
