package io.llmagentos.agent.tool;

import com.networknt.schema.Error;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaException;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.util.Optional;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;

/** A JSON Schema that a tool's arguments or results are checked by; of the draft that it names, else 2020-12. Nothing that it refers to is fetched. */
public final class ToolSchema {
  private static final int SHOWN = 3;

  private final String text;
  private final SchemaRegistry registry =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);

  public ToolSchema(String text) {
    this.text = text;
  }

  /** What is wrong with a JSON text, by place and rule, or with the schema itself; empty: nothing. */
  public Optional<String> problem(String json) {
    try {
      Schema schema = registry.getSchema(text, InputFormat.JSON);
      return problem(schema, json);
    } catch (SchemaException | IllegalArgumentException | JacksonException e) {
      return Optional.of("the schema cannot be used: " + firstLine(e));
    }
  }

  private static Optional<String> problem(Schema schema, String json) {
    try {
      return Optional.of(schema.validate(json, InputFormat.JSON).stream()
              .map(ToolSchema::described)
              .distinct()
              .limit(SHOWN)
              .collect(Collectors.joining("; ")))
          .filter(problems -> !problems.isEmpty());
    } catch (JacksonException e) {
      return Optional.of("not valid JSON: " + e.getOriginalMessage());
    }
  }

  private static String described(Error error) {
    String at = error.getInstanceLocation().toString();
    return "at '" + (at.isEmpty() ? "/" : at) + "': " + error.getMessage() + " ("
        + error.getKeyword() + ")";
  }

  private static String firstLine(Exception e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }
}
