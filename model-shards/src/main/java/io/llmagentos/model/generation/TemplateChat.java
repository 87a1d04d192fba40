package io.llmagentos.model.generation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmagentos.model.chat.ChatMessage;
import io.llmagentos.model.chat.ChatRequest;
import io.llmagentos.model.chat.Sampling;
import io.llmagentos.model.chat.ToolCall;
import io.llmagentos.model.chat.ToolChoice;
import io.llmagentos.model.chat.ToolSpecification;
import io.llmagentos.model.sampling.LogitsFilter;
import io.llmagentos.model.tokenizer.ChatTemplate;
import io.llmagentos.model.tokenizer.Tokenizer;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A general model behind its chat template. Without a template the messages are text to be continued. Names of special tokens in what people wrote stay
 * plain characters.
 */
final class TemplateChat implements ChatFormat {
  /** Marks, between rendering and encoding, where a special token's name in somebody's text is cut. A noncharacter: no text has it. */
  private static final char CUT = '\uFDD0';

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Tokenizer tokenizer;
  private final Optional<ChatTemplate> template;
  private final Set<Integer> endTokens;
  private final LogitsFilter defaults;
  private final ToolGrammar.Vocabulary vocabulary;

  private TemplateChat(
      Tokenizer tokenizer,
      Optional<ChatTemplate> template,
      Set<Integer> endTokens,
      LogitsFilter defaults) {
    this.tokenizer = tokenizer;
    this.template = template;
    this.endTokens = endTokens;
    this.defaults = defaults;
    this.vocabulary = new ToolGrammar.Vocabulary(tokenizer.vocabulary());
  }

  static TemplateChat load(Path directory, Tokenizer tokenizer) {
    JsonNode generation = read(directory.resolve("generation_config.json"));
    Set<Integer> endTokens = new HashSet<>();
    addIds(generation.path("eos_token_id"), endTokens);
    addIds(read(directory.resolve("config.json")).path("eos_token_id"), endTokens);
    LogitsFilter defaults = new LogitsFilter(
        (float) generation.path("repetition_penalty").asDouble(1),
        generation.path("no_repeat_ngram_size").asInt(0),
        0,
        generation.path("top_k").asInt(0),
        1,
        (float) generation.path("min_p").asDouble(0),
        1);
    return new TemplateChat(tokenizer, ChatTemplate.load(directory), endTokens, defaults);
  }

  private static JsonNode read(Path file) {
    try {
      return Files.isRegularFile(file) ? JSON.readTree(file.toFile()) : JSON.createObjectNode();
    } catch (IOException e) {
      throw new AgentOsException(
          ErrorCode.MODEL_FILE_CORRUPT,
          file + " is not JSON: " + e.getMessage(),
          file.getFileName().toString(),
          e);
    }
  }

  /** A number, or a list of them. */
  private static void addIds(JsonNode ids, Set<Integer> to) {
    if (ids.isInt()) {
      to.add(ids.asInt());
    }
    ids.forEach(id -> to.add(id.asInt()));
  }

  @Override
  public Prompt prompt(ChatRequest request, int contextLength) {
    boolean mayCall =
        !request.tools().isEmpty() && request.toolChoice().mode() != ToolChoice.Mode.NONE;
    int[] tokens = encode(request, mayCall);
    Sampling sampling = request.sampling();
    int room = ChatFormat.room(tokens.length, sampling.maxTokens(), contextLength);
    ToolGrammar grammar = mayCall ? grammar(request) : null;
    return new Prompt(
        tokens,
        room,
        endTokens,
        defaults.withSampling(sampling.temperature(), sampling.topP()),
        sampling.seed(),
        sampling.stop(),
        grammar == null ? Constraint.none() : grammar.constraint(),
        grammar == null
            ? (answer, text, reason) -> new Prompt.Answer(text, List.of(), reason)
            : grammar::read);
  }

  private ToolGrammar grammar(ChatRequest request) {
    return ToolGrammar.of(
        request.tools(),
        request.toolChoice(),
        template.map(ChatTemplate::argumentsKey).orElse("arguments"),
        vocabulary);
  }

  private int[] encode(ChatRequest request, boolean withTools) {
    List<ToolSpecification> tools = withTools ? request.tools() : List.of();
    if (template.isEmpty()) {
      String text = messages(request, tools, false).stream()
          .map(ChatMessage::content)
          .collect(Collectors.joining("\n"));
      return IntStream.concat(IntStream.of(tokenizer.encode("", true).ids()), pieces(text))
          .toArray();
    }
    boolean knowsTools = template.get().knowsTools();
    String text = template
        .get()
        .render(
            messages(request, tools, knowsTools),
            knowsTools ? tools.stream().map(this::guarded).toList() : List.of());
    return pieces(text).toArray();
  }

  private IntStream pieces(String text) {
    return List.of(text.split(String.valueOf(CUT))).stream()
        .flatMapToInt(piece -> IntStream.of(tokenizer.encode(piece, false).ids()));
  }

  /** The messages, with the tools in front where the template does not put them. */
  private List<ChatMessage> messages(
      ChatRequest request, List<ToolSpecification> tools, boolean templateKnowsTools) {
    List<ChatMessage> messages = new ArrayList<>();
    for (ChatMessage message : request.messages()) {
      messages.add(new ChatMessage(
          message.role(),
          guarded(message.content()),
          message.toolCalls().stream()
              .map(call -> new ToolCall(call.id(), call.name(), guarded(call.arguments())))
              .toList(),
          message.toolCallId()));
    }
    if (!tools.isEmpty() && !templateKnowsTools) {
      String text = guarded(ToolGrammar.instruction(tools));
      boolean hasSystem = !messages.isEmpty() && messages.getFirst().role().equals("system");
      if (hasSystem) {
        messages.set(0, ChatMessage.system(messages.getFirst().content() + "\n\n" + text));
      } else {
        messages.addFirst(ChatMessage.system(text));
      }
    }
    return messages;
  }

  private ToolSpecification guarded(ToolSpecification tool) {
    return new ToolSpecification(
        tool.name(), guarded(tool.description()), guarded(tool.parameters()));
  }

  private String guarded(String text) {
    String plain = text.replace(String.valueOf(CUT), "");
    StringBuilder guarded = new StringBuilder(plain);
    for (int cut : tokenizer.vocabulary().cutsInSpecialTokens(plain).reversed()) {
      guarded.insert(cut, CUT);
    }
    return guarded.toString();
  }
}
