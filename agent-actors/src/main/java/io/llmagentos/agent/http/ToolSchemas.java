package io.llmagentos.agent.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.Error;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Checks that a tool's parameters are a JSON Schema of an object. The schema is only ever data here, checked against the schema of schemas: nothing
 * that it refers to is fetched.
 */
final class ToolSchemas {
  private static final int SHOWN = 3;

  /** Schemas of schemas, by the {@code $schema} that names them; the first is meant when none is named. */
  private static final Map<String, SpecificationVersion> VERSIONS = Stream.of(
          SpecificationVersion.DRAFT_2020_12,
          SpecificationVersion.DRAFT_2019_09,
          SpecificationVersion.DRAFT_7,
          SpecificationVersion.DRAFT_6,
          SpecificationVersion.DRAFT_4)
      .collect(Collectors.toMap(version -> bare(version.getDialectId()), version -> version));

  private final Map<SpecificationVersion, Schema> schemas = VERSIONS.values().stream()
      .collect(Collectors.toMap(
          version -> version,
          version -> SchemaRegistry.withDefaultDialect(version)
              .getSchema(SchemaLocation.of(version.getDialectId()))));

  /**
   * Check.
   *
   * @param param the request's field that holds the schema
   * @throws AgentOsException {@code TOOL_SCHEMA_INVALID}, naming the tool and the problem
   */
  void require(String tool, JsonNode schema, String param) {
    problem(schema).ifPresent(problem -> {
      throw new AgentOsException(
          ErrorCode.TOOL_SCHEMA_INVALID,
          "the parameters of tool '" + tool + "' are not a JSON Schema of an object: " + problem,
          param);
    });
  }

  private Optional<String> problem(JsonNode schema) {
    if (!schema.isObject()) {
      return Optional.of("they must be a JSON object, are " + schema.getNodeType());
    }
    String named = schema.path("$schema").asText(SpecificationVersion.DRAFT_2020_12.getDialectId());
    SpecificationVersion version = VERSIONS.get(bare(named));
    Schema schemaOfSchemas = version == null ? null : schemas.get(version);
    if (schemaOfSchemas == null) {
      return Optional.of("$schema names '" + named + "', known are " + VERSIONS.keySet());
    }
    List<Error> errors = schemaOfSchemas.validate(schema.toString(), InputFormat.JSON);
    if (!errors.isEmpty()) {
      return Optional.of(errors.stream()
          .map(error -> error.getInstanceLocation() + " " + error.getMessage())
          .distinct()
          .limit(SHOWN)
          .collect(Collectors.joining("; ")));
    }
    if (!schema.path("type").asText().equals("object")) {
      return Optional.of("'type' must be \"object\", is "
          + (schema.has("type") ? schema.path("type") : "missing"));
    }
    return unresolved(schema, schema);
  }

  /** The first reference that leads nowhere within the schema. */
  private static Optional<String> unresolved(JsonNode root, JsonNode node) {
    JsonNode reference = node.path("$ref");
    if (reference.isTextual() && !resolves(root, reference.textValue())) {
      return Optional.of("$ref " + reference + " leads nowhere within the schema");
    }
    return node.valueStream()
        .map(child -> unresolved(root, child))
        .flatMap(Optional::stream)
        .findFirst();
  }

  private static boolean resolves(JsonNode root, String reference) {
    if (reference.equals("#")) {
      return true;
    }
    if (!reference.startsWith("#/")) {
      return reference.startsWith("#")
          && root.findValuesAsText("$anchor").contains(reference.substring(1));
    }
    try {
      return !root.at(reference.substring(1)).isMissingNode();
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static String bare(String dialect) {
    return dialect.replaceFirst("^https?://", "").replaceFirst("#$", "");
  }
}
