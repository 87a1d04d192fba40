package io.llmagentos.agent.definition;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import io.llmagentos.agent.budget.Budget;
import io.llmagentos.agent.personal.PersonalTool;
import io.llmagentos.agent.schedule.Schedule;
import io.llmagentos.agent.schedule.Timing;
import io.llmagentos.agent.tool.ToolHost;
import io.llmagentos.agent.tool.ToolTraits;
import io.llmagentos.model.chat.ToolSpecification;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneId;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The agents by name: the shipped ones and those of the user's directory. */
public final class AgentDefinitions {
  private static final List<String> SHIPPED = List.of("assistant");
  private static final int MOST_ROUNDS = 64;
  private static final int LONGEST_NAME = 64;
  private static final String ASK = """
      {"type":"object","required":["message"],"additionalProperties":false,
       "properties":{"message":{"type":"string","minLength":1,"description":"What to say to the agent."}}}""";
  /** A call is one turn, however often it is made. */
  private static final ToolTraits ASKING =
      new ToolTraits(false, true, false, Duration.ofMinutes(1), 16);

  private static final ObjectMapper YAML =
      new ObjectMapper(new YAMLFactory()).enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

  private final Map<String, Written> byName = new TreeMap<>();
  /** Those that are the same whatever tools come and go: sessions ask for them at every step. */
  private final Map<String, AgentDefinition> fixed = new HashMap<>();

  private final String model;
  private final List<PersonalTool> personal;
  private final List<PersonalTool> contributed;
  private final ToolHost external;

  /** A definition as its file has it. */
  private record Written(String where, File file) {}

  private AgentDefinitions(
      String model,
      List<PersonalTool> personal,
      List<PersonalTool> contributed,
      ToolHost external) {
    this.model = model;
    this.personal = personal;
    this.contributed = contributed;
    this.external = external;
  }

  /**
   * Read them.
   *
   * @param directory of {@code NAME.yaml} files; empty: none
   * @param model overrides every definition's model; empty: does not
   * @param personal the tools that {@code tools: [personal]} stands for
   * @param contributed further tools of that kind, connected where a definition names them
   * @param external tools outside the journal, connected where a definition names them; {@code SOURCE__*} names all that a source has
   * @throws AgentOsException naming the file and the key at fault
   */
  public static AgentDefinitions load(
      String directory,
      String model,
      List<PersonalTool> personal,
      List<PersonalTool> contributed,
      ToolHost external) {
    AgentDefinitions definitions = new AgentDefinitions(model, personal, contributed, external);
    for (String name : SHIPPED) {
      try (InputStream in =
          AgentDefinitions.class.getResourceAsStream("/agents/" + name + ".yaml")) {
        definitions.add(name, in);
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
            definitions.add(file.toString(), in);
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
    try {
      definitions.check();
    } catch (IOException e) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID,
          String.valueOf(e.getMessage()),
          "llmagentos.agent.definitions",
          e);
    }
    return definitions;
  }

  private void add(String where, @Nullable InputStream in) throws IOException {
    File file = YAML.readValue(in, File.class);
    // A user's file may stand in for a shipped one.
    byName.put(required(where, "name", file.name()), new Written(where, file));
  }

  /** Once all are there: they may name each other. */
  private void check() throws IOException {
    for (Written written : byName.values()) {
      AgentDefinition definition = definition(written);
      requireSchedules(written);
      if (definition.external().isEmpty() && !written.file().namesSources()) {
        fixed.put(definition.name(), definition);
      }
    }
  }

  private static void requireSchedules(Written written) throws IOException {
    Set<String> ids = new HashSet<>();
    for (DeclaredSchedule declared : written.file().declared()) {
      try {
        Schedule schedule = declared.of(String.valueOf(written.file().name()), "any/one", "UTC");
        if (!ids.add(schedule.id())) {
          throw new IllegalArgumentException("id is there twice");
        }
        if (!declared.subjects().stream().allMatch(who -> who.matches("[^/]+/.+"))) {
          throw new IllegalArgumentException(
              "for must be a list of TENANT/PRINCIPAL or TENANT/PRINCIPAL/USER, is "
                  + declared.subjects());
        }
      } catch (IllegalArgumentException | AgentOsException e) {
        throw new IOException(
            written.where() + ": the schedule '" + declared.id() + "': " + e.getMessage(), e);
      }
    }
  }

  /**
   * The schedules that an agent's definition declares for somebody.
   *
   * @param who TENANT/PRINCIPAL, or TENANT/PRINCIPAL/USER
   * @param zone of those that name none
   */
  public List<Schedule> schedules(String agent, String who, ZoneId zone) {
    Written written = byName.get(agent);
    return written == null
        ? List.of()
        : written.file().declared().stream()
            .filter(declared -> declared.subjects().contains(who))
            .map(declared -> declared.of(agent, who, zone.getId()))
            .toList();
  }

  /** For whom, as TENANT/PRINCIPAL or TENANT/PRINCIPAL/USER, the agents' definitions declare schedules. */
  public Map<String, Set<String>> scheduled() {
    Map<String, Set<String>> scheduled = new TreeMap<>();
    byName.forEach((agent, written) -> written
        .file()
        .declared()
        .forEach(declared ->
            scheduled.computeIfAbsent(agent, name -> new TreeSet<>()).addAll(declared.subjects())));
    return scheduled;
  }

  public List<AgentDefinition> all() {
    return byName.keySet().stream().map(this::get).toList();
  }

  public boolean has(String name) {
    return byName.containsKey(name);
  }

  /**
   * The definition, with the tools outside the journal as they are now.
   *
   * @throws AgentOsException {@code NOT_FOUND}
   */
  public AgentDefinition get(String name) {
    Written written = byName.get(name);
    if (written == null) {
      throw new AgentOsException(
          ErrorCode.NOT_FOUND,
          "agent '" + name + "' does not exist; known are " + byName.keySet(),
          "agent");
    }
    AgentDefinition known = fixed.get(name);
    if (known != null) {
      return known;
    }
    try {
      return definition(written);
    } catch (IOException e) {
      throw new AgentOsException(
          ErrorCode.UNAVAILABLE, "agent '" + name + "': " + e.getMessage(), "agent", e);
    }
  }

  private AgentDefinition definition(Written written) throws IOException {
    String where = written.where();
    File file = written.file();
    // By name: what is named by itself goes above what is named with its source.
    Map<String, ToolSpecification> tools = new LinkedHashMap<>();
    Map<String, ToolTraits> traits = new TreeMap<>();
    for (JsonNode named : file.tools() == null ? List.<JsonNode>of() : file.tools()) {
      NamedTool tool = NamedTool.read(where, named);
      String name = required(where, "name of a tool", tool.name());
      if (tool.connect(where, external, tools, traits)) {
        continue;
      }
      List<PersonalTool> all = name.equals("personal")
          ? personal
          : Stream.concat(personal.stream(), contributed.stream())
              .filter(each -> each.specification().name().equals(name))
              .toList();
      if (all.isEmpty()) {
        throw new IOException(where + ": tools names the unknown tool '" + name + "'");
      }
      if (named.isObject()) {
        throw new IOException(
            where + ": the tool '" + name
                + "' acts on what the agent keeps, in its journal; approval, idempotent, readOnly and timeout do not apply to it");
      }
      all.stream()
          .map(PersonalTool::specification)
          .forEach(specification -> tools.put(specification.name(), specification));
    }
    boolean plans = Boolean.TRUE.equals(file.plans());
    if (plans && tools.containsKey(AgentDefinition.PLAN)) {
      throw new IOException(
          where + ": with 'plans' no other tool may have the name '" + AgentDefinition.PLAN + "'");
    }
    Map<String, String> agents = new TreeMap<>();
    for (String agent : file.agents() == null ? List.<String>of() : file.agents()) {
      ToolSpecification ask = asking(agent, description(where, "agents", agent));
      if (tools.put(ask.name(), ask) != null) {
        throw new IOException(where + ": two tools have the name '" + ask.name() + "'");
      }
      traits.put(ask.name(), ASKING);
      agents.put(ask.name(), agent);
    }
    Map<String, String> handOffs = new TreeMap<>();
    for (String agent : file.handOffs() == null ? List.<String>of() : file.handOffs()) {
      var unused = description(where, "handOffs", agent);
      handOffs.put(AgentDefinition.handingOff(agent), agent);
    }
    return new AgentDefinition(
        required(where, "name", file.name()),
        file.description() == null ? "" : file.description(),
        model.isEmpty() ? required(where, "model", file.model()) : model,
        file.instructions() == null ? "" : file.instructions(),
        List.copyOf(tools.values()),
        file.says() == null ? Map.of() : file.says(),
        file.understands() == null ? Map.of() : file.understands(),
        required(where, "outOfScope", file.outOfScope()),
        required(where, "unconnected", file.unconnected()),
        traits,
        rounds(where, file.rounds()),
        budget(where, file.budget()),
        plans,
        agents,
        handOffs,
        dialogue(where, file));
  }

  private static ToolSpecification asking(String agent, String description) {
    return new ToolSpecification(
        AgentDefinition.asking(agent),
        "Ask the agent '" + agent + "', which answers as soon as it can. " + description,
        ASK);
  }

  /** What another agent's definition says it is for. */
  private String description(String where, String key, String agent) throws IOException {
    Written other = byName.get(agent);
    if (other == null) {
      throw new IOException(where + ": '" + key + "' names the unknown agent '" + agent
          + "'; known are " + byName.keySet());
    }
    if (AgentDefinition.handingOff(agent).length() > LONGEST_NAME) {
      throw new IOException(where + ": '" + key + "' names an agent whose name has "
          + agent.length() + " characters, which is too long for a tool: '" + agent + "'");
    }
    return other.file().description() == null ? "" : other.file().description();
  }

  private static int rounds(String where, @Nullable Integer rounds) throws IOException {
    if (rounds != null && (rounds < 1 || rounds > MOST_ROUNDS)) {
      throw new IOException(
          where + ": 'rounds' must be from 1 to " + MOST_ROUNDS + ", is " + rounds);
    }
    return rounds == null ? 1 : rounds;
  }

  private static boolean dialogue(String where, File file) throws IOException {
    boolean dialogue = Boolean.TRUE.equals(file.dialogue());
    if (dialogue && (Boolean.TRUE.equals(file.plans()) || rounds(where, file.rounds()) > 1)) {
      throw new IOException(where
          + ": 'dialogue' is for a model that turns one request into one call: 'rounds' must be 1, is "
          + rounds(where, file.rounds()) + ", and 'plans' false, is "
          + Boolean.TRUE.equals(file.plans()));
    }
    return dialogue;
  }

  private static Budget budget(String where, @Nullable Map<String, Object> budget)
      throws IOException {
    try {
      return budget == null ? Budget.NONE : Budget.read(ConfigFactory.parseMap(budget));
    } catch (ConfigException | IllegalArgumentException e) {
      throw new IOException(where + ": " + e.getMessage(), e);
    }
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
      @Nullable List<JsonNode> tools,
      @Nullable Map<String, String> says,
      @Nullable Map<String, String> understands,
      @Nullable String outOfScope,
      @Nullable String unconnected,
      @Nullable Integer rounds,
      @Nullable List<DeclaredSchedule> schedules,
      @Nullable Map<String, Object> budget,
      @Nullable Boolean plans,
      @Nullable List<String> agents,
      @Nullable List<String> handOffs,
      @Nullable Boolean dialogue) {
    List<DeclaredSchedule> declared() {
      return schedules == null ? List.of() : schedules;
    }

    boolean namesSources() {
      return tools != null
          && tools.stream()
              .map(tool -> tool.isObject() ? tool.path("name") : tool)
              .anyMatch(name -> name.asText().endsWith(ToolHost.ALL));
    }
  }

  /**
   * A schedule as a definition declares it.
   *
   * @param who for whom, as TENANT/PRINCIPAL; absent: the principal of a cluster without API keys
   */
  private record DeclaredSchedule(
      @Nullable String id,
      @Nullable String cron,
      @Nullable String every,
      @Nullable String at,
      @Nullable String zone,
      @Nullable String text,
      @Nullable String session,
      @JsonProperty("for") @Nullable List<String> who) {
    List<String> subjects() {
      return who == null ? List.of("local/local") : who;
    }

    Schedule of(String agent, String who, String otherwise) {
      String[] names = who.split("/", 3);
      String user = names.length > 2 ? names[2] : "";
      return new Schedule(
          id == null ? "" : id,
          names[1],
          session == null ? Schedule.defaultSession(agent, user) : session,
          Timing.parse(cron, every, at, zone == null ? otherwise : zone),
          text == null ? "" : text,
          true);
    }
  }
}
