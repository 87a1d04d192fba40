package io.llmagentos.model.generation;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * JSON Schema as {@link JsonPart}s: types, enum, const, properties, required, items, minItems, maxItems, anyOf, oneOf, local references. What it does
 * not know, it does not hold to; a schema without a type is any value.
 */
final class JsonSchemaParts {
  static final int MAX_ITEMS = 16;
  private static final int ANY_DEPTH = 3;
  private static final int MAX_REFERENCES = 8;
  private static final int MAX_MEMBERS = 63;

  private final JsonNode root;

  private JsonSchemaParts(JsonNode root) {
    this.root = root;
  }

  static JsonPart of(JsonNode schema) {
    return new JsonSchemaParts(schema).part(schema, 0);
  }

  /** A tool's arguments: an object, whatever else the schema says. */
  static JsonPart arguments(JsonNode schema) {
    return new JsonSchemaParts(schema).object(schema, 0);
  }

  static JsonPart array(JsonPart item, int min, int max) {
    return JsonPart.text("[", new JsonPart.ArrayBody(item, 0, min, max));
  }

  private JsonPart part(JsonNode schema, int references) {
    if (references > MAX_REFERENCES) {
      return new JsonPart.AnyValue(0);
    }
    if (schema.has("$ref")) {
      String pointer = schema.get("$ref").asText().replaceFirst("^#", "");
      return part(pointer.startsWith("/") ? root.at(pointer) : root, references + 1);
    }
    if (schema.has("const")) {
      return values(List.of(schema.get("const")));
    }
    if (schema.path("enum").size() > 0) {
      List<JsonNode> values = new ArrayList<>();
      schema.get("enum").forEach(values::add);
      return values(values);
    }
    for (String union : List.of("anyOf", "oneOf")) {
      if (schema.path(union).size() > 0) {
        List<JsonPart> parts = new ArrayList<>();
        schema.get(union).forEach(one -> parts.add(part(one, references + 1)));
        return new JsonPart.AnyOf(List.copyOf(parts));
      }
    }
    JsonNode type = schema.path("type");
    if (type.isArray()) {
      List<JsonPart> parts = new ArrayList<>();
      type.forEach(one -> parts.add(typed(one.asText(), schema, references)));
      return new JsonPart.AnyOf(List.copyOf(parts));
    }
    return typed(type.asText(schema.has("properties") ? "object" : ""), schema, references);
  }

  private JsonPart typed(String type, JsonNode schema, int references) {
    return switch (type) {
      case "string" -> JsonPart.string();
      case "integer" -> JsonPart.numeral(true);
      case "number" -> JsonPart.numeral(false);
      case "boolean" -> new JsonPart.AnyOf(List.of(JsonPart.text("true"), JsonPart.text("false")));
      case "null" -> JsonPart.text("null");
      case "object" -> object(schema, references);
      case "array" -> {
        int min = Math.min(schema.path("minItems").asInt(0), MAX_ITEMS);
        int max = Math.min(schema.path("maxItems").asInt(MAX_ITEMS), MAX_ITEMS);
        JsonPart item = schema.has("items")
            ? part(schema.get("items"), references + 1)
            : new JsonPart.AnyValue(ANY_DEPTH);
        yield array(item, min, Math.max(min, max));
      }
      default -> new JsonPart.AnyValue(ANY_DEPTH);
    };
  }

  private JsonPart object(JsonNode schema, int references) {
    JsonNode properties = schema.path("properties");
    if (properties.isMissingNode() && !schema.path("additionalProperties").isBoolean()) {
      JsonNode values = schema.path("additionalProperties");
      JsonPart value =
          values.isObject() ? part(values, references + 1) : new JsonPart.AnyValue(ANY_DEPTH);
      return JsonPart.text("{", new JsonPart.OpenObject(value, 0, true));
    }
    Set<String> required = new HashSet<>();
    schema.path("required").forEach(name -> required.add(name.asText()));
    List<Members.Member> members = new ArrayList<>();
    for (Map.Entry<String, JsonNode> property : properties.properties()) {
      boolean needed = required.contains(property.getKey());
      if (needed || members.size() < MAX_MEMBERS) {
        members.add(new Members.Member(
            property.getKey(), part(property.getValue(), references + 1), needed));
      }
    }
    return JsonPart.text("{", new JsonPart.ObjectBody(new Members(members), 0));
  }

  private static JsonPart values(List<JsonNode> values) {
    return JsonPart.oneOf(values.stream()
        .map(value -> new JsonPart.Branch(JsonPart.bytes(value.toString()), List.of()))
        .distinct()
        .toList());
  }

  /** The members an object may have. Compared by identity. */
  static final class Members {
    record Member(String name, JsonPart value, boolean required) {}

    private final List<Member> members;

    Members(List<Member> members) {
      this.members = List.copyOf(members.subList(0, Math.min(members.size(), MAX_MEMBERS)));
    }

    boolean isComplete(long used) {
      for (int i = 0; i < members.size(); i++) {
        if (members.get(i).required && (used >> i & 1) == 0) {
          return false;
        }
      }
      return true;
    }

    /** Each member that has not come, with all that follows it. */
    List<JsonPart.Branch> left(long used) {
      List<JsonPart.Branch> left = new ArrayList<>();
      for (int i = 0; i < members.size(); i++) {
        if ((used >> i & 1) == 0) {
          left.add(new JsonPart.Branch(
              key(members.get(i)),
              List.of(
                  JsonPart.space(),
                  members.get(i).value,
                  new JsonPart.ObjectBody(this, used | 1L << i))));
        }
      }
      return left;
    }

    String shortest(long used) {
      StringBuilder bytes = new StringBuilder();
      boolean first = used == 0;
      for (int i = 0; i < members.size(); i++) {
        Member member = members.get(i);
        if (member.required && (used >> i & 1) == 0) {
          bytes.append(first ? "" : ",").append(key(member)).append(member.value.shortest());
          first = false;
        }
      }
      return bytes.append('}').toString();
    }

    private static String key(Member member) {
      String quoted =
          com.fasterxml.jackson.databind.node.TextNode.valueOf(member.name).toString();
      return JsonPart.bytes(quoted + ":");
    }
  }
}
