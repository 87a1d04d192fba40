package io.llmagentos.model.scripted;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.Config;
import io.llmagentos.model.chat.ChatMessage;
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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A model without weights: the first rule whose pattern is found in the user's last message, and whose round it is, decides. A rule calls functions of
 * the request's, or says a text word by word, or fails. {@code ${name}} in texts and arguments stands for a named group. Without a matching rule
 * it neither calls nor says anything, as a model does with what is out of its scope. A word counts as a token. Costs nothing; deterministic.
 */
public final class ScriptedModel implements LanguageModel {
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * One rule.
   *
   * @param round 1: of what the user said; 2: of the results of the calls that followed, and so on
   * @param results found in the results of the round before, one a line
   * @param calls the functions to call; empty: say {@code text}
   * @param fail the code to fail with after the text; empty: do not
   * @param delay before each word, or the calls
   */
  public record Rule(
      Pattern when,
      int round,
      Pattern results,
      List<Call> calls,
      String text,
      Optional<ErrorCode> fail,
      Duration delay) {
    public Rule {
      calls = List.copyOf(calls);
    }
  }

  /**
   * A call of a rule's.
   *
   * @param arguments empty: the pattern's named groups
   */
  public record Call(String name, String arguments) {}

  private final String id;
  private final List<Rule> rules;

  public ScriptedModel(String id, List<Rule> rules) {
    this.id = id;
    this.rules = List.copyOf(rules);
  }

  /**
   * Read {@code rules = [{ when = "regular expression", call = "name" | calls = [{ name = "name", arguments = "{...}" }] | text = "...", round = 1,
   * results = "regular expression", fail = "error_code", delay = 1s }]}.
   */
  public static ScriptedModel create(String id, Config config) {
    return new ScriptedModel(
        id, config.getConfigList("rules").stream().map(ScriptedModel::rule).toList());
  }

  private static Rule rule(Config rule) {
    List<Call> calls = rule.hasPath("calls")
        ? rule.getConfigList("calls").stream().map(ScriptedModel::call).toList()
        : rule.hasPath("call") ? List.of(new Call(rule.getString("call"), "")) : List.of();
    return new Rule(
        Pattern.compile(rule.getString("when"), Pattern.CASE_INSENSITIVE),
        rule.hasPath("round") ? rule.getInt("round") : 1,
        Pattern.compile(
            rule.hasPath("results") ? rule.getString("results") : "", Pattern.CASE_INSENSITIVE),
        calls,
        rule.hasPath("text") ? rule.getString("text") : "",
        rule.hasPath("fail")
            ? Optional.of(ErrorCode.valueOf(rule.getString("fail").toUpperCase(Locale.ROOT)))
            : Optional.empty(),
        rule.hasPath("delay") ? rule.getDuration("delay") : Duration.ZERO);
  }

  private static Call call(Config call) {
    return new Call(
        call.getString("name"), call.hasPath("arguments") ? call.getString("arguments") : "");
  }

  @Override
  public String id() {
    return id;
  }

  @Override
  public CompletionStage<ChatReply> chat(ChatRequest request, TokenListener listener) {
    String heard = request.lastUserText();
    int round = round(request);
    String results = results(request);
    for (Rule rule : rules) {
      Matcher matcher = rule.when().matcher(heard);
      Matcher resultMatcher = rule.results().matcher(results);
      if (rule.round() == round
          && matcher.find()
          && resultMatcher.find()
          && rule.calls().stream().allMatch(call -> mayCall(request, call.name()))) {
        Map<String, String> groups = groups(matcher);
        groups.putAll(groups(resultMatcher));
        return rule.calls().isEmpty()
            ? new Speech(request, rule, filled(rule.text(), groups), listener).begin()
            : calls(request, rule.calls(), groups, rule.delay());
      }
    }
    return switch (request.toolChoice().mode()) {
      case FUNCTION -> call(request, request.toolChoice().function());
      case REQUIRED -> call(request, request.tools().getFirst().name());
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

  private CompletionStage<ChatReply> call(ChatRequest request, String function) {
    return calls(request, List.of(new Call(function, "{}")), Map.of(), Duration.ZERO);
  }

  private CompletionStage<ChatReply> calls(
      ChatRequest request, List<Call> wanted, Map<String, String> groups, Duration delay) {
    List<ToolCall> calls = new ArrayList<>();
    for (Call call : wanted) {
      calls.add(new ToolCall(
          "call_" + calls.size(),
          call.name(),
          call.arguments().isEmpty() ? arguments(groups) : filled(call.arguments(), groups)));
    }
    ChatReply reply = reply(request, "", calls, ChatReply.FinishReason.TOOL_CALLS);
    return delay.isZero()
        ? CompletableFuture.completedFuture(reply)
        : CompletableFuture.supplyAsync(() -> reply, after(delay));
  }

  /** One more than the replies with calls since the user spoke. */
  private static int round(ChatRequest request) {
    return 1
        + (int) sinceTheUserSpoke(request)
            .filter(message -> !message.toolCalls().isEmpty())
            .count();
  }

  private static String results(ChatRequest request) {
    List<ChatMessage> results = sinceTheUserSpoke(request)
        .takeWhile(message -> message.role().equals("tool"))
        .toList();
    return results.reversed().stream().map(ChatMessage::content).collect(Collectors.joining("\n"));
  }

  /** The latest first. */
  private static Stream<ChatMessage> sinceTheUserSpoke(ChatRequest request) {
    return request.messages().reversed().stream()
        .takeWhile(message -> !message.role().equals("user"));
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

  private static Map<String, String> groups(Matcher matcher) {
    Map<String, String> groups = new TreeMap<>();
    matcher.namedGroups().keySet().forEach(name -> {
      String value = matcher.group(name);
      if (value != null) {
        groups.put(name, value);
      }
    });
    return groups;
  }

  private static String filled(String text, Map<String, String> groups) {
    String filled = text;
    for (Map.Entry<String, String> group : groups.entrySet()) {
      filled = filled.replace("${" + group.getKey() + "}", group.getValue());
    }
    return filled;
  }

  private static String arguments(Map<String, String> groups) {
    Map<String, String> arguments = new LinkedHashMap<>();
    // Java's group names have no underscore; HWU64's slots do.
    groups.forEach((name, value) ->
        arguments.put(name.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT), value));
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

    Speech(ChatRequest request, Rule rule, String text, TokenListener listener) {
      this.request = request;
      this.rule = rule;
      this.listener = listener;
      Sampling sampling = request.sampling();
      List<String> all = words(beforeStop(text, sampling.stop()));
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
