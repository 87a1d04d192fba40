package io.llmagentos.model.scripted;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.Config;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.ChatRequest;
import io.llmagentos.model.chat.Sampling;
import io.llmagentos.model.chat.ToolCall;
import io.llmagentos.model.chat.ToolChoice;
import io.llmagentos.model.chat.ToolSpecification;
import io.llmagentos.model.serving.LanguageModel;
import io.llmagentos.model.serving.TokenListener;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A model without weights: the first rule whose pattern is found in the user's last message decides. A rule calls a function of the request's, whose
 * arguments are the pattern's named groups, or says a text word by word, or fails. Without a matching rule it neither calls nor says anything, as a
 * model does with what is out of its scope. A word counts as a token. Costs nothing; deterministic.
 */
public final class ScriptedModel implements LanguageModel {
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * One rule.
   *
   * @param call the function to call; empty: say {@code text}
   * @param fail the code to fail with after the text; empty: do not
   * @param delay before each word, or the call
   */
  public record Rule(
      Pattern when, String call, String text, Optional<ErrorCode> fail, Duration delay) {}

  private final String id;
  private final List<Rule> rules;

  public ScriptedModel(String id, List<Rule> rules) {
    this.id = id;
    this.rules = List.copyOf(rules);
  }

  /** Read {@code rules = [{ when = "regular expression", call = "name" | text = "...", fail = "error_code", delay = 1s }]}. */
  public static ScriptedModel create(String id, Config config) {
    return new ScriptedModel(
        id,
        config.getConfigList("rules").stream()
            .map(rule -> new Rule(
                Pattern.compile(rule.getString("when"), Pattern.CASE_INSENSITIVE),
                rule.hasPath("call") ? rule.getString("call") : "",
                rule.hasPath("text") ? rule.getString("text") : "",
                rule.hasPath("fail")
                    ? Optional.of(
                        ErrorCode.valueOf(rule.getString("fail").toUpperCase(Locale.ROOT)))
                    : Optional.empty(),
                rule.hasPath("delay") ? rule.getDuration("delay") : Duration.ZERO))
            .toList());
  }

  @Override
  public String id() {
    return id;
  }

  @Override
  public CompletionStage<ChatReply> chat(ChatRequest request, TokenListener listener) {
    String heard = request.lastUserText();
    for (Rule rule : rules) {
      Matcher matcher = rule.when().matcher(heard);
      if (matcher.find() && (rule.call().isEmpty() || mayCall(request, rule.call()))) {
        return rule.call().isEmpty()
            ? new Speech(request, rule, listener).begin()
            : call(request, rule.call(), arguments(matcher), rule.delay());
      }
    }
    return switch (request.toolChoice().mode()) {
      case FUNCTION -> call(request, request.toolChoice().function(), "{}", Duration.ZERO);
      case REQUIRED -> call(request, request.tools().getFirst().name(), "{}", Duration.ZERO);
      case AUTO, NONE ->
        CompletableFuture.completedFuture(
            reply(request, "", List.of(), ChatReply.FinishReason.STOP));
    };
  }

  private static boolean mayCall(ChatRequest request, String function) {
    ToolChoice choice = request.toolChoice();
    return choice.mode() != ToolChoice.Mode.NONE
        && (choice.mode() != ToolChoice.Mode.FUNCTION || choice.function().equals(function))
        && request.tools().stream().map(ToolSpecification::name).anyMatch(function::equals);
  }

  private CompletionStage<ChatReply> call(
      ChatRequest request, String function, String arguments, Duration delay) {
    ChatReply reply = reply(
        request,
        "",
        List.of(new ToolCall("call_0", function, arguments)),
        ChatReply.FinishReason.TOOL_CALLS);
    return delay.isZero()
        ? CompletableFuture.completedFuture(reply)
        : CompletableFuture.supplyAsync(() -> reply, after(delay));
  }

  private ChatReply reply(
      ChatRequest request, String text, List<ToolCall> calls, ChatReply.FinishReason reason) {
    int prompt = request.messages().stream()
        .mapToInt(message -> words(message.content()).size())
        .sum();
    ChatReply.Usage usage = new ChatReply.Usage(prompt, words(text).size() + calls.size());
    return new ChatReply(id, "script", text, calls, reason, usage, List.of(), List.of());
  }

  private static List<String> words(String text) {
    return text.isEmpty() ? List.of() : Arrays.asList(text.split("(?<=\\s)(?=\\S)"));
  }

  private static Executor after(Duration delay) {
    return CompletableFuture.delayedExecutor(delay.toMillis(), TimeUnit.MILLISECONDS);
  }

  private static String arguments(Matcher matcher) {
    Map<String, String> arguments = new LinkedHashMap<>();
    matcher.namedGroups().keySet().stream().sorted().forEach(name -> {
      String value = matcher.group(name);
      if (value != null) {
        // Java's group names have no underscore; HWU64's slots do.
        arguments.put(name.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT), value);
      }
    });
    try {
      return JSON.writeValueAsString(arguments);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** One text on its way, word by word. */
  private final class Speech {
    private final ChatRequest request;
    private final Rule rule;
    private final TokenListener listener;
    private final List<String> words;
    private final ChatReply.FinishReason end;
    private final CompletableFuture<ChatReply> reply = new CompletableFuture<>();
    private final StringBuilder said = new StringBuilder();
    private int next;

    Speech(ChatRequest request, Rule rule, TokenListener listener) {
      this.request = request;
      this.rule = rule;
      this.listener = listener;
      Sampling sampling = request.sampling();
      List<String> all = words(beforeStop(rule.text(), sampling.stop()));
      boolean cut = sampling.maxTokens() > 0 && all.size() > sampling.maxTokens();
      this.words = cut ? all.subList(0, sampling.maxTokens()) : all;
      this.end = cut ? ChatReply.FinishReason.LENGTH : ChatReply.FinishReason.STOP;
    }

    CompletionStage<ChatReply> begin() {
      if (rule.delay().isZero()) {
        while (!reply.isDone()) {
          step();
        }
      } else {
        later();
      }
      return reply;
    }

    private void later() {
      after(rule.delay()).execute(() -> {
        step();
        if (!reply.isDone()) {
          later();
        }
      });
    }

    private void step() {
      if (next == words.size()) {
        rule.fail()
            .ifPresentOrElse(
                code -> reply.completeExceptionally(
                    new AgentOsException(code, "the script says so: " + code.id())),
                () -> finish(end));
        return;
      }
      String word = words.get(next++);
      said.append(word);
      if (!listener.onText(word)) {
        finish(ChatReply.FinishReason.CANCELLED);
      } else if (next == words.size() && rule.fail().isEmpty()) {
        finish(end);
      }
    }

    private void finish(ChatReply.FinishReason reason) {
      reply.complete(ScriptedModel.this.reply(request, said.toString(), List.of(), reason));
    }
  }

  private static String beforeStop(String text, List<String> stops) {
    int end =
        stops.stream().mapToInt(text::indexOf).filter(at -> at >= 0).min().orElse(text.length());
    return text.substring(0, end);
  }
}
