package io.llmagentos.model.generation;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmagentos.model.chat.ChatReply.FinishReason;
import io.llmagentos.model.chat.ChatRequest;
import io.llmagentos.model.chat.ToolCall;
import io.llmagentos.model.chat.ToolChoice;
import io.llmagentos.model.chat.ToolSpecification;
import io.llmagentos.model.functions.CallTokens;
import io.llmagentos.model.functions.FunctionSet;
import io.llmagentos.model.functions.FunctionSets;
import io.llmagentos.model.functions.NgramClassifier;
import io.llmagentos.model.sampling.LogitsFilter;
import io.llmagentos.model.tokenizer.Tokenizer;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The formats {@code function-token-v1} and {@code -v2}: one request in, one call out, where every function and every slot is a token of its own and every value
 * a span of the request. In the second a linear classifier over the request's n-grams has a say in which function it is.
 *
 * <pre>
 * TAG request &lt;|call|&gt; &lt;fn:NAME&gt; (&lt;arg:SLOT&gt; value)* &lt;|end|&gt;
 * TAG request &lt;|call|&gt; &lt;|none|&gt; &lt;|end|&gt;
 * </pre>
 *
 * Values stand in the order of the request and do not overlap. The tag names the set of functions the model is asked for. Tools are not in the prompt: they limit which names and slots may come.
 */
public final class FunctionTokens implements ChatFormat {
  private static final float PROTOCOL_DEFAULT = 1;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Tokenizer tokenizer;
  private final FunctionSets sets;
  private final Map<String, NgramClassifier> ngrams;
  private final BitSet ordinary;
  private final int callToken;
  private final int noneToken;
  private final int endToken;

  private FunctionTokens(
      Tokenizer tokenizer, FunctionSets sets, Map<String, NgramClassifier> ngrams) {
    this.tokenizer = tokenizer;
    this.sets = sets;
    this.ngrams = ngrams;
    this.ordinary = tokenizer.vocabulary().added();
    ordinary.flip(0, tokenizer.vocabulary().size());
    this.callToken = tokenizer.requireId(CallTokens.CALL);
    this.noneToken = tokenizer.requireId(CallTokens.NONE);
    this.endToken = tokenizer.requireId(CallTokens.END);
    for (FunctionSet set : sets.sets().values()) {
      tokenizer.requireId(set.tag());
      set.outcomes().forEach(tokenizer::requireId);
      set.functions().values().stream()
          .flatMap(List::stream)
          .forEach(slot -> tokenizer.requireId(CallTokens.slot(slot)));
    }
  }

  static FunctionTokens load(Path directory, Tokenizer tokenizer) {
    FunctionSets sets = FunctionSets.read(directory);
    return new FunctionTokens(
        tokenizer,
        sets,
        sets.ngramWeight() == 0 ? Map.of() : NgramClassifier.read(directory, sets));
  }

  @Override
  public Prompt prompt(ChatRequest request, int contextLength) {
    String name = choose(request);
    FunctionSet set = sets.set(name);
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
          .map(slot -> tokenizer.vocabulary().id(CallTokens.slot(slot)))
          .filter(id -> id >= 0)
          .toList();
      slotsByFunction.put(tokenizer.requireId(CallTokens.function(function.getKey())), slots);
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
            slotsByFunction,
            none ? noneToken : -1,
            endToken,
            biases(name, set, spans),
            ordinary,
            spans),
        (answer, text, reason) -> read(answer, spans, reason));
  }

  /** A call is decoded greedily, as {@code generation_config.json} says, unless a request asks for another temperature than the protocol's default of 1. */
  private static float temperature(float asked) {
    return asked == PROTOCOL_DEFAULT ? 0 : asked;
  }

  private int[] prompt(FunctionSet set, RequestSpans spans) {
    return IntStream.concat(
            IntStream.concat(
                IntStream.of(tokenizer.requireId(set.tag())), IntStream.of(spans.ids())),
            IntStream.of(callToken))
        .toArray();
  }

  /** What is added to the logits of what may be called. */
  private Map<Integer, Float> biases(String name, FunctionSet set, RequestSpans spans) {
    Map<Integer, Float> biases = new LinkedHashMap<>();
    List<String> outcomes = set.outcomes();
    NgramClassifier classifier = ngrams.get(name);
    float[] scores = classifier == null
        ? new float[outcomes.size()]
        : classifier.scores(spans.text(), outcomes.size());
    for (int i = 0; i < scores.length; i++) {
      float own = outcomes.get(i).equals(CallTokens.NONE) ? (float) set.noneBias() : 0;
      biases.put(
          tokenizer.requireId(outcomes.get(i)), own + scores[i] * (float) sets.ngramWeight());
    }
    return biases;
  }

  /**
   * The largest set that the tools name wholly; otherwise the one with the most of their names, and the default when there are as many in it.
   */
  private String choose(ChatRequest request) {
    Set<String> names =
        request.tools().stream().map(ToolSpecification::name).collect(Collectors.toSet());
    Map<String, FunctionSet> all = sets.sets();
    return all.entrySet().stream()
        .filter(set -> names.containsAll(set.getValue().functions().keySet()))
        .max(Comparator.comparingInt(set -> set.getValue().functions().size()))
        .or(() -> all.entrySet().stream()
            .max(Comparator.comparingLong((Map.Entry<String, FunctionSet> entry) -> names.stream()
                    .filter(entry.getValue().functions()::containsKey)
                    .count())
                .thenComparing(entry -> entry.getKey().equals(sets.defaultSet()))))
        .orElseThrow()
        .getKey();
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
    String function = name(answer.getFirst());
    Map<String, String> arguments = new LinkedHashMap<>();
    RequestValues values = new RequestValues(spans);
    int at = 1;
    while (answer.get(at) != endToken) {
      String slot = name(answer.get(at));
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

  private String name(int token) {
    return CallTokens.name(String.valueOf(tokenizer.vocabulary().name(token)));
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
}
