package io.llmagentos.model.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.LegacyOverrides;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.interpret.RenderResult;
import com.hubspot.jinjava.interpret.TemplateError;
import com.hubspot.jinjava.lib.filter.Filter;
import com.hubspot.jinjava.lib.fn.ELFunctionDefinition;
import io.llmagentos.model.chat.ChatMessage;
import io.llmagentos.model.chat.ToolCall;
import io.llmagentos.model.chat.ToolSpecification;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A model's chat template: Jinja, as {@code tokenizer_config.json} or {@code chat_template.jinja} has it. A template sees strings, lists and maps only,
 * never Java: methods are those of {@link TemplateObjects}. What people wrote is never taken for template text. Thread-safe.
 */
public final class ChatTemplate {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int MAX_OUTPUT = 64 << 20;

  private final Jinjava jinjava;
  private final String source;
  private final Map<String, Object> tokens;

  ChatTemplate(String source, Map<String, Object> tokens) {
    this.source = TemplateWhitespace.apply(source)
        // Hugging Face marks what the assistant said for training; nothing to render.
        .replaceAll("\\{%\\s*(end)?generation\\s*%}", "")
        // In Jinja a test binds closer than "not", in Jinjava it does not.
        .replaceAll("\\bnot\\s+([\\w.]+)\\s+is\\s+(?!not\\b)", "$1 is not ");
    this.tokens = Map.copyOf(tokens);
    this.jinjava = new Jinjava(JinjavaConfig.newBuilder()
        .withNestedInterpretationEnabled(false)
        .withMaxOutputSize(MAX_OUTPUT)
        .withElResolver(TemplateObjects.resolver())
        .withLegacyOverrides(LegacyOverrides.newBuilder()
            .withUsePyishObjectMapper(true)
            .withUseSnakeCasePropertyNaming(true)
            .withUseNaturalOperatorPrecedence(true)
            .withParseWhitespaceControlStrictly(true)
            .withKeepNullableLoopValues(true)
            .build())
        .build());
    jinjava
        .getGlobalContext()
        .registerFunction(new ELFunctionDefinition(
            "", "raise_exception", ChatTemplate.class, "raise", Object.class));
    jinjava.getGlobalContext().registerFilter(new ToJson());
  }

  /** The template of a model's directory; empty when it has none. */
  public static Optional<ChatTemplate> load(Path directory) {
    Path config = directory.resolve("tokenizer_config.json");
    Path file = directory.resolve("chat_template.jinja");
    try {
      JsonNode settings =
          Files.isRegularFile(config) ? JSON.readTree(config.toFile()) : JSON.createObjectNode();
      Optional<String> source = Files.isRegularFile(file)
          ? Optional.of(Files.readString(file))
          : source(settings.path("chat_template"));
      Map<String, Object> tokens = new LinkedHashMap<>();
      for (String name : List.of("bos_token", "eos_token", "pad_token", "unk_token")) {
        JsonNode token = settings.path(name);
        String text = token.isObject() ? token.path("content").asText() : token.asText("");
        tokens.put(name, text.equals("null") ? "" : text);
      }
      return source.map(text -> new ChatTemplate(text, tokens));
    } catch (IOException e) {
      throw new AgentOsException(
          ErrorCode.MODEL_FILE_CORRUPT,
          config + " cannot be read: " + e.getMessage(),
          config.getFileName().toString(),
          e);
    }
  }

  /** A string, or a list of named ones, of which {@code default} (or {@code tool_use}, which knows tools) is taken. */
  private static Optional<String> source(JsonNode template) {
    if (template.isTextual()) {
      return Optional.of(template.asText());
    }
    Map<String, String> named = new LinkedHashMap<>();
    template.forEach(
        entry -> named.put(entry.path("name").asText(), entry.path("template").asText()));
    return Optional.ofNullable(named.getOrDefault("tool_use", named.get("default")));
  }

  /** Whether the template puts tools into the prompt itself. */
  public boolean knowsTools() {
    return source.contains("tools");
  }

  /** Under which name the model was taught to write a call's arguments. */
  public String argumentsKey() {
    return source.contains("\"parameters\": ") && !source.contains("\"arguments\": ")
        ? "parameters"
        : "arguments";
  }

  /** The prompt up to where the assistant begins to speak; fails with {@code INVALID_REQUEST} when the template refuses the messages. */
  public String render(List<ChatMessage> messages, List<ToolSpecification> tools) {
    return render(messages, tools, true);
  }

  /** @param addGenerationPrompt whether the assistant is to speak next */
  public String render(
      List<ChatMessage> messages, List<ToolSpecification> tools, boolean addGenerationPrompt) {
    Map<String, @Nullable Object> bindings = new LinkedHashMap<>(tokens);
    bindings.put("messages", messages.stream().map(ChatTemplate::message).toList());
    bindings.put(
        "tools", tools.isEmpty() ? null : tools.stream().map(ChatTemplate::tool).toList());
    bindings.put("add_generation_prompt", addGenerationPrompt);
    RenderResult result = jinjava.renderForResult(source, bindings);
    for (TemplateError error : result.getErrors()) {
      for (Throwable cause = error.getException(); cause != null; cause = cause.getCause()) {
        if (cause instanceof Raised) {
          throw new AgentOsException(
              ErrorCode.INVALID_REQUEST,
              "the model's chat template refuses the messages: " + cause.getMessage(),
              "messages",
              cause);
        }
      }
      if (error.getSeverity() == TemplateError.ErrorType.FATAL) {
        throw new AgentOsException(
            ErrorCode.MODEL_UNSUPPORTED,
            "the model's chat template cannot be rendered: line " + error.getLineno() + ": "
                + error.getMessage(),
            "chat_template");
      }
    }
    return result.getOutput();
  }

  /** The function {@code raise_exception} of templates. */
  @SuppressWarnings("DoNotCallSuggester") // templates call it
  public static String raise(Object message) {
    throw new Raised(String.valueOf(message));
  }

  private static final class Raised extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Raised(String message) {
      super(message);
    }
  }

  private static Map<String, Object> message(ChatMessage message) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("role", message.role());
    map.put("content", message.content());
    if (!message.toolCalls().isEmpty()) {
      List<Object> calls = new ArrayList<>();
      for (ToolCall call : message.toolCalls()) {
        Map<String, Object> function = new LinkedHashMap<>();
        function.put("name", call.name());
        function.put("arguments", json(call.arguments()));
        calls.add(Map.of("id", call.id(), "type", "function", "function", function));
      }
      map.put("tool_calls", calls);
    }
    if (!message.toolCallId().isEmpty()) {
      map.put("tool_call_id", message.toolCallId());
    }
    return map;
  }

  private static Map<String, Object> tool(ToolSpecification tool) {
    Map<String, Object> function = new LinkedHashMap<>();
    function.put("name", tool.name());
    function.put("description", tool.description());
    function.put("parameters", json(tool.parameters()));
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("type", "function");
    map.put("function", function);
    return map;
  }

  private static Object json(String text) {
    try {
      return JSON.readValue(text, Object.class);
    } catch (IOException e) {
      throw new AgentOsException(
          ErrorCode.MALFORMED_JSON, "not JSON: " + e.getMessage(), "tools", e);
    }
  }

  /** {@code tojson} as transformers defines it: Python's separators, no escaping of what HTML minds. */
  private static final class ToJson implements Filter {
    @Override
    public String getName() {
      return "tojson";
    }

    @Override
    public Object filter(@Nullable Object value, JinjavaInterpreter interpreter, String... args) {
      int indent = args.length == 0 ? 0 : Integer.parseInt(args[0].replaceAll("[^0-9]", ""));
      return PythonJson.write(value, indent);
    }
  }
}
