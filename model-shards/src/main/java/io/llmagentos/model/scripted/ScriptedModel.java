package io.llmagentos.model.scripted;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.Config;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.ChatRequest;
import io.llmagentos.model.chat.ToolCall;
import io.llmagentos.model.serving.LanguageModel;
import io.llmagentos.model.serving.TokenListener;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A model without weights: the first rule whose pattern is found in the user's last message decides. A rule calls a function, whose arguments are the
 * pattern's named groups, or says a text. Without a matching rule it neither calls nor says anything, as a model does with what is out of its scope.
 * Costs nothing; deterministic.
 */
public final class ScriptedModel implements LanguageModel {
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * One rule.
   *
   * @param call the function to call; empty: say {@code text}
   */
  public record Rule(Pattern when, String call, String text) {}

  private final String id;
  private final List<Rule> rules;

  public ScriptedModel(String id, List<Rule> rules) {
    this.id = id;
    this.rules = List.copyOf(rules);
  }

  /** Read {@code rules = [{ when = "regular expression", call = "name" | text = "..." }]}. */
  public static ScriptedModel create(String id, Config config) {
    return new ScriptedModel(
        id,
        config.getConfigList("rules").stream()
            .map(rule -> new Rule(
                Pattern.compile(rule.getString("when"), Pattern.CASE_INSENSITIVE),
                rule.hasPath("call") ? rule.getString("call") : "",
                rule.hasPath("text") ? rule.getString("text") : ""))
            .toList());
  }

  @Override
  public String id() {
    return id;
  }

  @Override
  public CompletionStage<ChatReply> chat(ChatRequest request, TokenListener listener) {
    String text = request.lastUserText();
    for (Rule rule : rules) {
      Matcher matcher = rule.when().matcher(text);
      if (matcher.find()) {
        if (rule.call().isEmpty()) {
          listener.onText(rule.text());
          return reply(text, rule.text(), List.of(), ChatReply.FinishReason.STOP);
        }
        return reply(
            text,
            "",
            List.of(new ToolCall("call_0", rule.call(), arguments(matcher))),
            ChatReply.FinishReason.TOOL_CALLS);
      }
    }
    return reply(text, "", List.of(), ChatReply.FinishReason.STOP);
  }

  private CompletionStage<ChatReply> reply(
      String prompt, String text, List<ToolCall> calls, ChatReply.FinishReason reason) {
    ChatReply.Usage usage = new ChatReply.Usage(words(prompt), words(text) + calls.size());
    return CompletableFuture.completedFuture(
        new ChatReply(id, "script", text, calls, reason, usage, List.of(), List.of()));
  }

  private static int words(String text) {
    return text.isBlank() ? 0 : text.strip().split("\\s+").length;
  }

  private static String arguments(Matcher matcher) {
    Map<String, String> arguments = new LinkedHashMap<>();
    matcher.namedGroups().keySet().stream().sorted().forEach(name -> {
      String value = matcher.group(name);
      if (value != null) {
        // Java's group names have no underscore; HWU64's slots do.
        arguments.put(name.replaceAll("([A-Z])", "_$1").toLowerCase(java.util.Locale.ROOT), value);
      }
    });
    try {
      return JSON.writeValueAsString(arguments);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
