package io.llmagentos.agent.tool.openapi;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.llmagentos.agent.tool.FetchedSource.Unusable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * An OpenAPI 3.1 document: its operations as tools need them. Schemas are those of the document, word for word, with what they refer to beside them;
 * nothing outside the document is read.
 *
 * @param server the URL of the first server; may be relative; empty: there is none
 * @param leftOut operations that no tool can be made of, with the reason
 */
record OpenApiDocument(String server, List<Operation> operations, List<String> leftOut) {
  private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());
  private static final Set<String> METHODS =
      Set.of("get", "head", "put", "post", "delete", "patch");
  private static final String SCHEMAS = "#/components/schemas/";
  private static final String IDEMPOTENCY_KEY = "Idempotency-Key";

  /** Headers that OpenAPI itself does not let be parameters. */
  private static final Set<String> NOT_PARAMETERS =
      Set.of("accept", "content-type", "authorization");

  OpenApiDocument {
    operations = List.copyOf(operations);
    leftOut = List.copyOf(leftOut);
  }

  /** Read a document, in JSON or YAML. */
  static OpenApiDocument parse(String text) throws Unusable {
    JsonNode root;
    try {
      root = YAML.readTree(text);
    } catch (JsonProcessingException e) {
      throw new Unusable("it is neither JSON nor YAML: " + e.getOriginalMessage());
    }
    String version = root.path("openapi").asText();
    if (!version.startsWith("3.1.")) {
      throw new Unusable("its 'openapi' must be 3.1.x, is '" + version + "'");
    }
    return new Reader(root).read();
  }

  /** Reads one document. */
  private static final class Reader {
    private final JsonNode root;
    private final List<Operation> operations = new ArrayList<>();
    private final List<String> leftOut = new ArrayList<>();

    Reader(JsonNode root) {
      this.root = root;
    }

    OpenApiDocument read() {
      for (Map.Entry<String, JsonNode> path : root.path("paths").properties()) {
        for (Map.Entry<String, JsonNode> method : path.getValue().properties()) {
          if (METHODS.contains(method.getKey())) {
            String what = method.getKey().toUpperCase(Locale.ROOT) + " " + path.getKey();
            try {
              operations.add(
                  operation(path.getKey(), path.getValue(), method.getKey(), method.getValue()));
            } catch (Unusable e) {
              leftOut.add(what + ": " + e.getMessage());
            }
          }
        }
      }
      return new OpenApiDocument(server(), operations, leftOut);
    }

    private String server() {
      JsonNode server = root.path("servers").path(0);
      String url = server.path("url").asText();
      for (Map.Entry<String, JsonNode> variable : server.path("variables").properties()) {
        url = url.replace(
            "{" + variable.getKey() + "}", variable.getValue().path("default").asText());
      }
      return url;
    }

    private Operation operation(String path, JsonNode item, String method, JsonNode json)
        throws Unusable {
      Map<String, JsonNode> declared = new LinkedHashMap<>();
      for (JsonNode each : List.of(item.path("parameters"), json.path("parameters"))) {
        for (JsonNode parameter : each) {
          JsonNode resolved = resolved(parameter);
          declared.put(
              resolved.path("in").asText() + " " + resolved.path("name").asText(), resolved);
        }
      }
      Schemas schemas = new Schemas(root);
      ObjectNode input = JsonNodeFactory.instance.objectNode().put("type", "object");
      ObjectNode properties = input.putObject("properties");
      ArrayNode required = input.putArray("required");
      boolean keyed = false;
      List<Operation.Parameter> parameters = new ArrayList<>();
      for (JsonNode parameter : declared.values()) {
        String name = parameter.path("name").asText();
        boolean isHeader = parameter.path("in").asText().equals("header");
        if (isHeader && name.equalsIgnoreCase(IDEMPOTENCY_KEY)) {
          keyed = true;
        } else if (!isHeader || !NOT_PARAMETERS.contains(name.toLowerCase(Locale.ROOT))) {
          Operation.Parameter read = parameter(parameter, properties);
          parameters.add(read);
          properties.set(read.argument(), described(schemas, parameter));
          if (parameter.path("required").asBoolean() || read.place() == Operation.Place.PATH) {
            required.add(read.argument());
          }
        }
      }
      requireEachNamed(path, parameters);
      String body = body(json, schemas, properties, required);
      input.put("additionalProperties", false);
      schemas.addTo(input);
      return new Operation(
          json.path("operationId").asText(method + path.replace('/', '_')),
          description(json),
          method.toUpperCase(Locale.ROOT),
          path,
          parameters,
          body,
          keyed,
          input.toString(),
          output(json));
    }

    private static String description(JsonNode operation) {
      String summary = operation.path("summary").asText();
      String description = operation.path("description").asText();
      return summary.isEmpty() || description.isEmpty()
          ? summary + description
          : summary + "\n" + description;
    }

    private static void requireEachNamed(String path, List<Operation.Parameter> parameters)
        throws Unusable {
      String left = path;
      for (Operation.Parameter parameter : parameters) {
        if (parameter.place() == Operation.Place.PATH) {
          left = left.replace("{" + parameter.name() + "}", "");
        }
      }
      if (left.contains("{")) {
        throw new Unusable("a parameter of its path is not declared");
      }
    }

    private static ObjectNode described(Schemas schemas, JsonNode parameter) throws Unusable {
      JsonNode schema = parameter.has("content")
          ? parameter.path("content").path("application/json").path("schema")
          : parameter.path("schema");
      ObjectNode copy = schemas.copy(schema);
      if (parameter.has("description") && !copy.has("description")) {
        copy.set("description", parameter.path("description"));
      }
      return copy;
    }

    private static Operation.Parameter parameter(JsonNode json, ObjectNode taken) throws Unusable {
      String name = json.path("name").asText();
      String in = json.path("in").asText();
      Operation.Place place = switch (in) {
        case "path" -> Operation.Place.PATH;
        case "query" -> Operation.Place.QUERY;
        case "header" -> Operation.Place.HEADER;
        case "cookie" -> Operation.Place.COOKIE;
        default -> throw new Unusable("parameter '" + name + "' is in '" + in + "'");
      };
      Operation.Style style = style(json, place);
      boolean explode = json.path("explode").asBoolean(style == Operation.Style.FORM);
      if (style == Operation.Style.SIMPLE && explode) {
        throw new Unusable("parameter '" + name + "' of style simple is exploded");
      }
      return new Operation.Parameter(
          taken.has(name) ? name + "_" + in : name, name, place, style, explode);
    }

    private static Operation.Style style(JsonNode json, Operation.Place place) throws Unusable {
      if (json.has("content")) {
        return Operation.Style.JSON;
      }
      boolean inUrl = place == Operation.Place.QUERY || place == Operation.Place.COOKIE;
      String style = json.path("style").asText(inUrl ? "form" : "simple");
      Operation.Style known = switch (style) {
        case "simple" -> Operation.Style.SIMPLE;
        case "form" -> Operation.Style.FORM;
        case "spaceDelimited" -> Operation.Style.SPACE_DELIMITED;
        case "pipeDelimited" -> Operation.Style.PIPE_DELIMITED;
        case "deepObject" -> Operation.Style.DEEP_OBJECT;
        default ->
          throw new Unusable(
              "parameter '" + json.path("name").asText() + "' has the style '" + style + "'");
      };
      if ((known == Operation.Style.SIMPLE) == inUrl
          || (place == Operation.Place.COOKIE && known != Operation.Style.FORM)) {
        throw new Unusable("parameter '" + json.path("name").asText() + "' has the style '" + style
            + "', which its place does not take");
      }
      return known;
    }

    /** The name of the body's argument; empty without a body. */
    private String body(
        JsonNode operation, Schemas schemas, ObjectNode properties, ArrayNode required)
        throws Unusable {
      JsonNode body = resolved(operation.path("requestBody"));
      if (body.path("content").isEmpty()) {
        return "";
      }
      JsonNode schema = json(body.path("content"));
      if (schema.isMissingNode()) {
        if (body.path("required").asBoolean()) {
          throw new Unusable("its body is not JSON");
        }
        return "";
      }
      String name = properties.has("body") ? "request_body" : "body";
      properties.set(name, schemas.copy(schema));
      if (body.path("required").asBoolean()) {
        required.add(name);
      }
      return name;
    }

    private String output(JsonNode operation) throws Unusable {
      List<JsonNode> schemas = new ArrayList<>();
      for (Map.Entry<String, JsonNode> response : operation.path("responses").properties()) {
        if (response.getKey().startsWith("2")) {
          schemas.add(json(resolved(response.getValue()).path("content")));
        }
      }
      if (schemas.size() != 1 || !schemas.getFirst().isObject()) {
        return "";
      }
      Schemas referred = new Schemas(root);
      ObjectNode schema = referred.copy(schemas.getFirst());
      referred.addTo(schema);
      return schema.toString();
    }

    private static JsonNode json(JsonNode content) {
      for (Map.Entry<String, JsonNode> type : content.properties()) {
        String name = type.getKey().replaceFirst(";.*", "").strip().toLowerCase(Locale.ROOT);
        if (name.equals("application/json") || name.endsWith("+json")) {
          return type.getValue().path("schema");
        }
      }
      return content.path("application/json");
    }

    private JsonNode resolved(JsonNode node) throws Unusable {
      if (!node.has("$ref")) {
        return node;
      }
      String reference = node.path("$ref").asText();
      JsonNode found = reference.startsWith("#/") ? root.at(reference.substring(1)) : root.path("");
      if (found.isMissingNode() || found.has("$ref")) {
        throw new Unusable("the reference '" + reference + "' leads nowhere within the document");
      }
      return found;
    }
  }

  /** Copies schemas, and collects those that they refer to. */
  private static final class Schemas {
    private final JsonNode root;
    private final Map<String, JsonNode> referred = new LinkedHashMap<>();

    Schemas(JsonNode root) {
      this.root = root;
    }

    ObjectNode copy(JsonNode schema) throws Unusable {
      JsonNode copy = schema.deepCopy();
      rewrite(copy);
      // Nothing, or true: anything fits.
      return copy instanceof ObjectNode object ? object : JsonNodeFactory.instance.objectNode();
    }

    private void rewrite(JsonNode node) throws Unusable {
      JsonNode reference = node.path("$ref");
      if (node instanceof ObjectNode object && reference.isTextual()) {
        object.put("$ref", "#/$defs/" + collected(reference.textValue()));
      }
      for (JsonNode child : node) {
        rewrite(child);
      }
    }

    /** @return the pointer below the collected schemas */
    private String collected(String reference) throws Unusable {
      if (!reference.startsWith(SCHEMAS) || root.at(reference.substring(1)).isMissingNode()) {
        throw new Unusable(
            "the reference '" + reference + "' leads to no schema among the document's components");
      }
      String pointer = reference.substring(SCHEMAS.length());
      String name = pointer.replaceFirst("/.*", "");
      if (!referred.containsKey(name)) {
        JsonNode copy = root.at((SCHEMAS + name).substring(1)).deepCopy();
        referred.put(name, copy);
        rewrite(copy);
      }
      return pointer;
    }

    void addTo(ObjectNode schema) {
      if (!referred.isEmpty()) {
        ObjectNode definitions = schema.putObject("$defs");
        referred.forEach((name, definition) ->
            definitions.set(name.replace("~1", "/").replace("~0", "~"), definition));
      }
    }
  }
}
