package io.llmagentos.model.generation;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmagentos.model.chat.ChatReply.FinishReason;
import io.llmagentos.model.chat.ToolCall;
import io.llmagentos.model.chat.ToolChoice;
import io.llmagentos.model.chat.ToolSpecification;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Calls as general models write them: <code>{"name": "...", "arguments": {...}}</code>, after {@code <tool_call>} where the vocabulary has it. Where a
 * call must come, the first token begins it; where it may come, a first brace does. A begun call is held to a tool's name and to its schema, byte by
 * byte, and is completed before the tokens run out.
 */
final class ToolGrammar {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Set<String> names;
  private final boolean required;
  private final String argumentsKey;
  private final JsonPosition start;
  private final Vocabulary vocabulary;

  private ToolGrammar(
      Set<String> names,
      boolean required,
      String argumentsKey,
      JsonPosition start,
      Vocabulary vocabulary) {
    this.names = names;
    this.required = required;
    this.argumentsKey = argumentsKey;
    this.start = start;
    this.vocabulary = vocabulary;
  }

  /** Fails with {@code INVALID_REQUEST} or {@code TOOL_SCHEMA_INVALID}. */
  static ToolGrammar of(
      List<ToolSpecification> tools,
      ToolChoice choice,
      String argumentsKey,
      Vocabulary vocabulary) {
    Map<String, JsonPart> arguments = new TreeMap<>();
    for (ToolSpecification tool : tools) {
      if (choice.mode() != ToolChoice.Mode.FUNCTION || choice.function().equals(tool.name())) {
        arguments.put(tool.name(), JsonSchemaParts.arguments(schema(tool)));
      }
    }
    if (arguments.isEmpty()) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          "tool_choice names '" + choice.function() + "', the tools are "
              + tools.stream().map(ToolSpecification::name).toList(),
          "tool_choice");
    }
    List<JsonPart.Branch> calls = new ArrayList<>();
    arguments.forEach((name, parts) -> calls.add(new JsonPart.Branch(
        "\"" + name + "\"",
        List.of(
            JsonPart.text(","),
            JsonPart.space(),
            JsonPart.text("\"" + argumentsKey + "\":"),
            JsonPart.space(),
            parts,
            JsonPart.text("}")))));
    JsonPosition start = JsonPosition.of(
        JsonPart.space(),
        JsonPosition.of(
            JsonPart.text("{\"name\":", JsonPart.space(), JsonPart.oneOf(calls)),
            JsonPosition.END));
    boolean required =
        choice.mode() == ToolChoice.Mode.REQUIRED || choice.mode() == ToolChoice.Mode.FUNCTION;
    return new ToolGrammar(
        Set.copyOf(arguments.keySet()), required, argumentsKey, start, vocabulary);
  }

  private static JsonNode schema(ToolSpecification tool) {
    try {
      return JSON.readTree(tool.parameters());
    } catch (JsonProcessingException e) {
      throw new AgentOsException(
          ErrorCode.TOOL_SCHEMA_INVALID,
          "the parameters of tool '" + tool.name() + "' are not JSON: " + e.getOriginalMessage(),
          "tools",
          e);
    }
  }

  /** Tells a model whose template knows no tools what there is to call. */
  static String instruction(List<ToolSpecification> tools) {
    StringBuilder text = new StringBuilder(
        "You may call one of these functions by answering with {\"name\": ..., \"arguments\": {...}} only:");
    for (ToolSpecification tool : tools) {
      text.append("\n- ")
          .append(tool.name())
          .append(": ")
          .append(tool.description())
          .append(' ')
          .append(tool.parameters());
    }
    return text.toString();
  }

  Constraint constraint() {
    return new Calling();
  }

  /** A call where there is a whole one, else text. */
  Prompt.Answer read(List<Integer> tokens, String text, FinishReason reason) {
    int brace = text.indexOf('{');
    if (brace >= 0 && text.substring(0, brace).replace("<tool_call>", "").isBlank()) {
      try {
        JsonNode call = JSON.readTree(text.substring(brace));
        if (names.contains(call.path("name").asText())) {
          String arguments = call.path(argumentsKey).toString();
          String id = "call_"
              + UUID.nameUUIDFromBytes((tokens + text).getBytes(StandardCharsets.UTF_8))
                  .toString()
                  .replace("-", "")
                  .substring(0, 24);
          return new Prompt.Answer(
              "",
              List.of(new ToolCall(id, call.path("name").asText(), arguments)),
              FinishReason.TOOL_CALLS);
        }
      } catch (JsonProcessingException e) {
        return new Prompt.Answer(text, List.of(), reason); // cut off, or no call at all
      }
    }
    return new Prompt.Answer(text, List.of(), reason);
  }

  private final class Calling implements Constraint {
    private final Map<JsonPosition, BitSet> masks = new HashMap<>();
    /** Null: no call has begun. */
    private @Nullable JsonPosition position;

    private boolean marked;
    private boolean undecided = true;
    private String bytes = "";

    Calling() {
      if (required && vocabulary.callToken < 0) {
        position = start;
      }
    }

    @Override
    public @Nullable BitSet allowed(int remaining) {
      if (position != null) {
        return mask(position, remaining);
      }
      if (!required || marked) {
        return null;
      }
      BitSet first = new BitSet();
      first.set(vocabulary.callToken);
      return first;
    }

    private BitSet mask(JsonPosition here, int remaining) {
      // Only near the end does it matter how much a token leaves to do.
      boolean tight = remaining < here.shortest() + 1024;
      if (!tight) {
        return masks.computeIfAbsent(here, position -> {
          BitSet mask = new BitSet();
          vocabulary.trie().collect(position, Integer.MAX_VALUE, mask);
          return mask;
        });
      }
      BitSet mask = new BitSet();
      vocabulary.trie().collect(here, remaining - 1, mask);
      if (mask.isEmpty()) { // too few tokens were granted for any call
        vocabulary.trie().collect(here, Integer.MAX_VALUE, mask);
      }
      return mask;
    }

    @Override
    public void accept(int token) {
      byte[] said = vocabulary.tokens.bytes(token);
      String more = said == null ? "" : new String(said, StandardCharsets.ISO_8859_1);
      if (position != null) {
        JsonPosition next = position.next(more);
        position = next == null ? JsonPosition.END : next;
      } else if (token == vocabulary.callToken && undecided) {
        marked = true;
        position = start;
      } else if (undecided) {
        bytes += more;
        String begun = bytes.stripLeading();
        undecided = begun.isEmpty() && said != null;
        if (begun.startsWith("{")) {
          position = start.next(begun);
        }
      }
    }

    @Override
    public boolean isComplete() {
      return position != null && position.isEnd();
    }

    @Override
    public boolean holdsText() {
      return undecided || position != null;
    }
  }

  /** A model's tokens as bytes; the tree of them is made when it is first needed. Thread-safe. */
  static final class Vocabulary {
    private final io.llmagentos.model.tokenizer.Vocabulary tokens;
    private final int callToken;
    private @Nullable Trie trie;

    Vocabulary(io.llmagentos.model.tokenizer.Vocabulary tokens) {
      this.tokens = tokens;
      this.callToken = tokens.id("<tool_call>");
    }

    private synchronized Trie trie() {
      if (trie == null) {
        trie = new Trie();
        for (int id = 0; id < tokens.size(); id++) {
          byte[] bytes = tokens.bytes(id);
          if (bytes != null && bytes.length > 0) {
            trie.add(new String(bytes, StandardCharsets.ISO_8859_1), id);
          }
        }
      }
      return trie;
    }
  }

  private static final class Trie {
    private final TreeMap<Character, Trie> children = new TreeMap<>();
    private final BitSet tokens = new BitSet();

    void add(String bytes, int token) {
      Trie node = this;
      for (int i = 0; i < bytes.length(); i++) {
        node = node.children.computeIfAbsent(bytes.charAt(i), c -> new Trie());
      }
      node.tokens.set(token);
    }

    /** The tokens that may come at a position and leave at most {@code shortest} bytes to do. */
    void collect(JsonPosition position, int shortest, BitSet into) {
      children.forEach((b, child) -> {
        JsonPosition next = position.next(b);
        if (next != null) {
          if (next.shortest() <= shortest) {
            into.or(child.tokens);
          }
          child.collect(next, shortest, into);
        }
      });
    }
  }
}
