package io.llmagentos.agent.definition;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import io.llmagentos.agent.tool.Tool;
import io.llmagentos.agent.tool.ToolHost;
import io.llmagentos.agent.tool.ToolTraits;
import io.llmagentos.model.chat.ToolSpecification;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A tool as a definition or a setting names it: what it says goes above what the tool says of itself. */
record NamedTool(
    @Nullable String name,
    @Nullable Boolean approval,
    @Nullable Boolean idempotent,
    @Nullable Boolean readOnly,
    @Nullable String timeout) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** From its name alone, or an object. */
  static NamedTool read(String where, JsonNode named) throws IOException {
    try {
      return named.isObject()
          ? JSON.treeToValue(named, NamedTool.class)
          : new NamedTool(named.asText(), null, null, null, null);
    } catch (JsonProcessingException e) {
      throw new IOException(where + ": " + e.getOriginalMessage(), e);
    }
  }

  /**
   * Add what it stands for outside the journal, by name: a tool, or all that a source has now.
   *
   * @return whether it stands for anything there, a source without tools at the moment included
   */
  boolean connect(
      String where,
      ToolHost host,
      Map<String, ToolSpecification> tools,
      Map<String, ToolTraits> traits)
      throws IOException {
    if (name == null) {
      return false;
    }
    List<Tool> outside = host.named(name);
    for (Tool each : outside) {
      tools.put(each.specification().name(), each.specification());
      traits.put(each.specification().name(), over(where, each.traits()));
    }
    return !outside.isEmpty() || host.isSource(name);
  }

  private ToolTraits over(String where, ToolTraits own) throws IOException {
    try {
      return new ToolTraits(
          readOnly == null ? own.readOnly() : readOnly,
          idempotent == null ? own.idempotent() : idempotent,
          approval == null ? own.approval() : approval,
          timeout == null
              ? own.timeout()
              : ConfigFactory.parseMap(Map.of("timeout", timeout)).getDuration("timeout"),
          own.maxConcurrent());
    } catch (ConfigException | IllegalArgumentException e) {
      throw new IOException(
          where + ": 'timeout' of the tool '" + name
              + "' must be a duration above zero such as 10s, is '" + timeout + "'",
          e);
    }
  }
}
