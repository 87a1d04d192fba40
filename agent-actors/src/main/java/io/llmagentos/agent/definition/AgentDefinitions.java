package io.llmagentos.agent.definition;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.llmagentos.agent.personal.Tool;
import io.llmagentos.model.chat.ToolSpecification;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The agents by name: the shipped ones and those of the user's directory. */
public final class AgentDefinitions {
  private static final List<String> SHIPPED = List.of("assistant");
  private static final ObjectMapper YAML =
      new ObjectMapper(new YAMLFactory()).enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

  private final Map<String, AgentDefinition> byName;

  private AgentDefinitions(Map<String, AgentDefinition> byName) {
    this.byName = byName;
  }

  /**
   * Read them.
   *
   * @param directory of {@code NAME.yaml} files; empty: none
   * @param model overrides every definition's model; empty: does not
   * @param personal the tools that {@code tools: [personal]} stands for
   * @param contributed further tools, connected where a definition names them
   * @throws AgentOsException naming the file and the key at fault
   */
  public static AgentDefinitions load(
      String directory, String model, List<Tool> personal, List<Tool> contributed) {
    Map<String, AgentDefinition> byName = new TreeMap<>();
    for (String name : SHIPPED) {
      try (InputStream in =
          AgentDefinitions.class.getResourceAsStream("/agents/" + name + ".yaml")) {
        put(byName, parse(name, in, model, personal, contributed));
      } catch (IOException e) {
        throw new AgentOsException(
            ErrorCode.SETTINGS_INVALID,
            "shipped agent " + name + " cannot be read: " + e.getMessage(),
            null,
            e);
      }
    }
    if (!directory.isEmpty()) {
      try (DirectoryStream<Path> files = Files.newDirectoryStream(Path.of(directory), "*.yaml")) {
        for (Path file : files) {
          try (InputStream in = Files.newInputStream(file)) {
            put(byName, parse(file.toString(), in, model, personal, contributed));
          }
        }
      } catch (IOException e) {
        throw new AgentOsException(
            ErrorCode.SETTINGS_INVALID,
            "agent definitions in " + directory + " cannot be read: " + e.getMessage(),
            "llmagentos.agent.definitions",
            e);
      }
    }
    return new AgentDefinitions(byName);
  }

  public List<AgentDefinition> all() {
    return List.copyOf(byName.values());
  }

  public boolean has(String name) {
    return byName.containsKey(name);
  }

  /** @throws AgentOsException {@code NOT_FOUND} */
  public AgentDefinition get(String name) {
    AgentDefinition definition = byName.get(name);
    if (definition == null) {
      throw new AgentOsException(
          ErrorCode.NOT_FOUND,
          "agent '" + name + "' does not exist; known are " + byName.keySet(),
          "agent");
    }
    return definition;
  }

  private static void put(Map<String, AgentDefinition> byName, AgentDefinition definition) {
    byName.put(definition.name(), definition);
  }

  private static AgentDefinition parse(
      String where,
      @Nullable InputStream in,
      String model,
      List<Tool> personal,
      List<Tool> contributed)
      throws IOException {
    File file = YAML.readValue(in, File.class);
    List<ToolSpecification> tools = new ArrayList<>();
    for (String tool : orEmpty(file.tools())) {
      List<Tool> all = tool.equals("personal")
          ? personal
          : Stream.concat(personal.stream(), contributed.stream())
              .filter(each -> each.specification().name().equals(tool))
              .toList();
      List<ToolSpecification> found = all.stream().map(Tool::specification).toList();
      if (found.isEmpty()) {
        throw new IOException(where + ": tools names the unknown tool '" + tool + "'");
      }
      tools.addAll(found);
    }
    return new AgentDefinition(
        required(where, "name", file.name()),
        file.description() == null ? "" : file.description(),
        model.isEmpty() ? required(where, "model", file.model()) : model,
        file.instructions() == null ? "" : file.instructions(),
        tools,
        file.says() == null ? Map.of() : file.says(),
        file.understands() == null ? Map.of() : file.understands(),
        required(where, "outOfScope", file.outOfScope()),
        required(where, "unconnected", file.unconnected()));
  }

  private static List<String> orEmpty(@Nullable List<String> list) {
    return list == null ? List.of() : list;
  }

  private static String required(String where, String key, @Nullable String value)
      throws IOException {
    if (value == null || value.isBlank()) {
      throw new IOException(where + ": '" + key + "' is missing");
    }
    return value;
  }

  private record File(
      @Nullable String name,
      @Nullable String description,
      @Nullable String model,
      @Nullable String instructions,
      @Nullable List<String> tools,
      @Nullable Map<String, String> says,
      @Nullable Map<String, String> understands,
      @Nullable String outOfScope,
      @Nullable String unconnected) {}
}
