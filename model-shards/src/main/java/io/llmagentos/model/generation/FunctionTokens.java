package io.llmagentos.model.generation;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmagentos.model.chat.ChatReply.FinishReason;
import io.llmagentos.model.chat.ChatRequest;
import io.llmagentos.model.chat.ToolCall;
import io.llmagentos.model.chat.ToolChoice;
import io.llmagentos.model.chat.ToolSpecification;
import io.llmagentos.model.sampling.LogitsFilter;
import io.llmagentos.model.tokenizer.Tokenizer;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The format {@code function-token-v1}: one request in, one call out, where every function and every slot is a token of its own and every value a span
 * of the request.
 *
 * <pre>
 * TAG request &lt;|call|&gt; &lt;fn:NAME&gt; (&lt;arg:SLOT&gt; value)* &lt;|end|&gt;
 * TAG request &lt;|call|&gt; &lt;|none|&gt; &lt;|end|&gt;
 * </pre>
 *
 * Values stand in the order of the request and do not overlap. The tag names the set of functions the model is asked for. Tools are not in the prompt: they limit which names and slots may come.
 */
public final class FunctionTokens implements ChatFormat {
  static final String FILE = "agentos.json";
  static final String FORMAT = "function-token-v1";
  private static final String DEFAULT_SET = "assistant";
  private static final float PROTOCOL_DEFAULT = 1;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Tokenizer tokenizer;
  private final Map<String, FunctionSet> sets;
  private final int callToken;
  private final int noneToken;
  private final int endToken;

  /**
   * Functions that were learnt together.
   *
   * @param functions slots by function
   * @param none whether the set knows requests that none of its functions serves
   * @param noneBias added to the logit of {@code <|none|>}
   */
  private record FunctionSet(
      int tag, Map<String, List<String>> functions, boolean none, float noneBias) {}

  private FunctionTokens(
      Tokenizer tokenizer,
      Map<String, FunctionSet> sets,
      int callToken,
      int noneToken,
      int endToken) {
    this.tokenizer = tokenizer;
    this.sets = sets;
    this.callToken = callToken;
    this.noneToken = noneToken;
    this.endToken = endToken;
  }

  static FunctionTokens load(Path directory, Tokenizer tokenizer) {
    Path file = directory.resolve(FILE);
    try {
      JsonNode root = JSON.readTree(file.toFile());
      if (!root.path("format").asText().equals(FORMAT)) {
        throw new AgentOsException(
            ErrorCode.MODEL_UNSUPPORTED,
            file + " has format '" + root.path("format").asText() + "', known is " + FORMAT,
            "format");
      }
      Map<String, FunctionSet> sets = new LinkedHashMap<>();
      root.path("sets")
          .properties()
          .forEach(set -> sets.put(set.getKey(), set(set.getValue(), tokenizer)));
      if (!sets.containsKey(DEFAULT_SET)) {
        throw new AgentOsException(
            ErrorCode.MODEL_FILE_CORRUPT, file + " has no set '" + DEFAULT_SET + "'", "sets");
      }
      return new FunctionTokens(
          tokenizer,
          sets,
          tokenizer.requireId(root.path("call_token").asText("<|call|>")),
          tokenizer.requireId(root.path("none_token").asText("<|none|>")),
          tokenizer.requireId(root.path("end_token").asText("<|end|>")));
    } catch (IOException e) {
      throw new AgentOsException(
          ErrorCode.MODEL_FILE_CORRUPT, file + " is not JSON: " + e.getMessage(), FILE, e);
    }
  }

  private static FunctionSet set(JsonNode node, Tokenizer tokenizer) {
    Map<String, List<String>> functions = new LinkedHashMap<>();
    node.path("functions").properties().forEach(function -> {
      tokenizer.requireId(functionToken(function.getKey()));
      List<String> slots = strings(function.getValue());
      slots.forEach(slot -> tokenizer.requireId(slotToken(slot)));
      functions.put(function.getKey(), slots);
    });
    return new FunctionSet(
        tokenizer.requireId(node.path("tag").asText()),
        functions,
        node.path("none").asBoolean(),
        (float) node.path("none_bias").asDouble());
  }

  private static List<String> strings(JsonNode array) {
    return IntStream.range(0, array.size()).mapToObj(i -> array.get(i).asText()).toList();
  }

  private static String functionToken(String name) {
    return "<fn:" + name + ">";
  }

  private static String slotToken(String slot) {
    return "<arg:" + slot + ">";
  }

  @Override
  public Prompt prompt(ChatRequest request, int contextLength) {
    FunctionSet set = choose(request);
    Map<String, List<String>> functions = allowed(request, set);
    ToolChoice.Mode mode = request.toolChoice().mode();
    boolean mustCall = mode == ToolChoice.Mode.REQUIRED || mode == ToolChoice.Mode.FUNCTION;
    if (functions.isEmpty() && mustCall) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          "tool_choice asks for a call, but the model knows none of the tools; it knows "
              + new TreeSet<>(set.functions().keySet()),
          "tool_choice");
    }
    RequestSpans spans =
        RequestSpans.of(request.lastUserText(), tokenizer.encodePlain(request.lastUserText()));
    Map<Integer, List<Integer>> slotsByFunction = new LinkedHashMap<>();
    int longest = 2;
    for (Map.Entry<String, List<String>> function : functions.entrySet()) {
      List<Integer> slots = function.getValue().stream()
          .map(slot -> tokenizer.vocabulary().id(slotToken(slot)))
          .filter(id -> id >= 0)
          .toList();
      slotsByFunction.put(tokenizer.requireId(functionToken(function.getKey())), slots);
      longest = Math.max(longest, 2 + slots.size() + spans.length());
    }
    boolean none = functions.isEmpty() || (!mustCall && set.none());
    int[] tokens = prompt(set, spans);
    int wanted = request.sampling().maxTokens() == 0
        ? longest
        : Math.min(longest, request.sampling().maxTokens());
    int room = ChatFormat.room(tokens.length, 0, contextLength);
    if (room < Math.min(2, wanted)) {
      ChatFormat.room(tokens.length, Math.min(2, wanted), contextLength);
    }
    return new Prompt(
        tokens,
        Math.min(wanted, room),
        Set.of(endToken),
        LogitsFilter.GREEDY.withSampling(
            temperature(request.sampling().temperature()), request.sampling().topP()),
        request.sampling().seed(),
        List.of(),
        new FunctionTokenConstraint(
            slotsByFunction, none ? noneToken : -1, endToken, none ? set.noneBias() : 0, spans),
        (answer, text, reason) -> read(answer, spans, reason));
  }

  /** A call is decoded greedily, as {@code generation_config.json} says, unless a request asks for another temperature than the protocol's default of 1. */
  private static float temperature(float asked) {
    return asked == PROTOCOL_DEFAULT ? 0 : asked;
  }

  private int[] prompt(FunctionSet set, RequestSpans spans) {
    return IntStream.concat(
            IntStream.concat(IntStream.of(set.tag()), IntStream.of(spans.ids())),
            IntStream.of(callToken))
        .toArray();
  }

  /**
   * The largest set that the tools name wholly; otherwise the one with the most of their names, and the assistant's when there are as many in it.
   */
  private FunctionSet choose(ChatRequest request) {
    Set<String> names =
        request.tools().stream().map(ToolSpecification::name).collect(Collectors.toSet());
    return sets.values().stream()
        .filter(set -> names.containsAll(set.functions().keySet()))
        .max(Comparator.comparingInt(set -> set.functions().size()))
        .orElseGet(() -> mostNamed(names));
  }

  private FunctionSet mostNamed(Set<String> names) {
    Comparator<Map.Entry<String, FunctionSet>> most =
        Comparator.comparingLong((Map.Entry<String, FunctionSet> entry) ->
            names.stream().filter(entry.getValue().functions()::containsKey).count());
    return sets.entrySet().stream()
        .max(most.thenComparing(entry -> entry.getKey().equals(DEFAULT_SET)))
        .orElseThrow()
        .getValue();
  }

  /** Functions that may be called, with the slots that may be filled. */
  private static Map<String, List<String>> allowed(ChatRequest request, FunctionSet set) {
    ToolChoice choice = request.toolChoice();
    if (choice.mode() == ToolChoice.Mode.NONE) {
      return Map.of();
    }
    Map<String, List<String>> functions = new LinkedHashMap<>();
    if (request.tools().isEmpty()) {
      functions.putAll(set.functions());
    }
    for (ToolSpecification tool : request.tools()) {
      List<String> learnt = set.functions().get(tool.name());
      if (learnt != null) {
        functions.put(tool.name(), slots(tool, learnt));
      }
    }
    if (choice.mode() == ToolChoice.Mode.FUNCTION) {
      functions.keySet().retainAll(Set.of(choice.function()));
    }
    return functions;
  }

  /** The properties of the tool's schema; of a schema that names none, the slots that were learnt. */
  private static List<String> slots(ToolSpecification tool, List<String> learnt) {
    try {
      JsonNode properties = JSON.readTree(tool.parameters()).path("properties");
      if (properties.isMissingNode()) {
        return learnt;
      }
      return properties.properties().stream().map(Map.Entry::getKey).toList();
    } catch (JsonProcessingException e) {
      throw new AgentOsException(
          ErrorCode.TOOL_SCHEMA_INVALID,
          "the parameters of tool '" + tool.name() + "' are not JSON: " + e.getOriginalMessage(),
          "tools",
          e);
    }
  }

  private Prompt.Answer read(List<Integer> answer, RequestSpans spans, FinishReason reason) {
    if (reason != FinishReason.STOP || answer.getFirst() == noneToken) {
      return new Prompt.Answer("", List.of(), reason);
    }
    String function = inner(answer.getFirst());
    Map<String, String> arguments = new LinkedHashMap<>();
    RequestValues values = new RequestValues(spans);
    int at = 1;
    while (answer.get(at) != endToken) {
      String slot = inner(answer.get(at));
      values.begin();
      for (at++; !isMarkup(answer.get(at)); at++) {
        values.accept(answer.get(at));
      }
      String value = values.take();
      if (!value.isEmpty()) {
        arguments.put(slot, value);
      }
    }
    String json = write(arguments);
    return new Prompt.Answer(
        "",
        List.of(new ToolCall(id(spans.text(), function, json), function, json)),
        FinishReason.TOOL_CALLS);
  }

  private boolean isMarkup(int token) {
    return tokenizer.vocabulary().isAdded(token);
  }

  /** {@code NAME} of {@code <fn:NAME>} or {@code <arg:NAME>}. */
  private String inner(int token) {
    String name = String.valueOf(tokenizer.vocabulary().name(token));
    return name.substring(name.indexOf(':') + 1, name.length() - 1);
  }

  private static String write(Map<String, String> arguments) {
    try {
      return JSON.writeValueAsString(arguments);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String id(String... parts) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256")
          .digest(String.join("\0", parts).getBytes(StandardCharsets.UTF_8));
      return "call_" + HexFormat.of().formatHex(hash, 0, 12);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The names of every function of a set, for messages and tests. */
  Map<String, List<String>> functions(String set) {
    FunctionSet found = sets.get(set);
    return found == null ? Map.of() : new HashMap<>(found.functions());
  }
}
