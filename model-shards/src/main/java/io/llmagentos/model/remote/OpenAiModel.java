package io.llmagentos.model.remote;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.openai.client.OpenAIClientAsync;
import com.openai.client.okhttp.OpenAIOkHttpClientAsync;
import com.openai.core.JsonValue;
import com.openai.core.RequestOptions;
import com.openai.core.http.AsyncStreamResponse;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.chat.completions.ChatCompletionAssistantMessageParam;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionFunctionTool;
import com.openai.models.chat.completions.ChatCompletionMessageFunctionToolCall;
import com.openai.models.chat.completions.ChatCompletionNamedToolChoice;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.chat.completions.ChatCompletionToolChoiceOption;
import com.openai.models.chat.completions.ChatCompletionToolMessageParam;
import com.typesafe.config.Config;
import io.llmagentos.model.chat.ChatMessage;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.ChatRequest;
import io.llmagentos.model.chat.Sampling;
import io.llmagentos.model.chat.ToolCall;
import io.llmagentos.model.chat.ToolSpecification;
import io.llmagentos.model.serving.Assignment;
import io.llmagentos.model.serving.LanguageModel;
import io.llmagentos.model.serving.TokenListener;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** A model behind an endpoint that speaks OpenAI's chat completions. Streams; nothing of it is kept here. Thread-safe. */
public final class OpenAiModel implements LanguageModel {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final String id;
  private final String remoteModel;
  private final Duration timeout;
  private final OpenAIClientAsync client;
  private final ExecutorService streams = Executors.newVirtualThreadPerTaskExecutor();

  private OpenAiModel(String id, String remoteModel, Duration timeout, OpenAIClientAsync client) {
    this.id = id;
    this.remoteModel = remoteModel;
    this.timeout = timeout;
    this.client = client;
  }

  /** Read {@code base-url}, {@code model}, {@code api-key}, {@code timeout}, {@code retries}. */
  public static OpenAiModel create(String id, Config config) {
    Duration timeout = config.getDuration("timeout");
    String key = config.getString("api-key");
    return new OpenAiModel(
        id,
        config.getString("model"),
        timeout,
        OpenAIOkHttpClientAsync.builder()
            .baseUrl(config.getString("base-url"))
            .apiKey(key.isEmpty() ? "none" : key)
            .timeout(timeout)
            .maxRetries(config.getInt("retries"))
            .build());
  }

  @Override
  public String id() {
    return id;
  }

  @Override
  public CompletionStage<ChatReply> chat(ChatRequest request, TokenListener listener) {
    return chat(request, timeout, listener);
  }

  @Override
  public CompletionStage<ChatReply> chat(Assignment assignment, TokenListener listener) {
    Duration left = Duration.between(Instant.now(), assignment.context().deadline());
    if (left.isNegative() || left.isZero()) {
      return CompletableFuture.failedFuture(new AgentOsException(
          ErrorCode.DEADLINE_EXCEEDED,
          "the deadline had passed when model '" + id + "' was asked"));
    }
    return chat(assignment.request(), left.compareTo(timeout) < 0 ? left : timeout, listener);
  }

  private CompletionStage<ChatReply> chat(
      ChatRequest request, Duration limit, TokenListener listener) {
    AsyncStreamResponse<ChatCompletionChunk> stream;
    try {
      stream = client
          .chat()
          .completions()
          .createStreaming(
              params(request), RequestOptions.builder().timeout(limit).build());
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(RemoteErrors.translate(id, e, limit));
    }
    CompletableFuture<ChatReply> reply = new CompletableFuture<>();
    StreamedAnswer answer = new StreamedAnswer(id, listener, stream::close);
    stream.subscribe(
        new AsyncStreamResponse.Handler<>() {
          @Override
          public void onNext(ChatCompletionChunk chunk) {
            answer.add(chunk);
          }

          @Override
          public void onComplete(Optional<Throwable> failure) {
            if (failure.isPresent() && !answer.isCancelled()) {
              reply.completeExceptionally(failure.get());
            } else {
              answer.finish(reply);
            }
          }
        },
        streams);
    // The client's own limit is for each attempt.
    return reply
        .orTimeout(limit.toMillis(), TimeUnit.MILLISECONDS)
        .exceptionallyCompose(failure -> {
          stream.close();
          return CompletableFuture.failedFuture(RemoteErrors.translate(id, failure, limit));
        });
  }

  private ChatCompletionCreateParams params(ChatRequest request) {
    ChatCompletionCreateParams.Builder params = ChatCompletionCreateParams.builder()
        .model(remoteModel)
        .streamOptions(ChatCompletionStreamOptions.builder().includeUsage(true).build());
    request.messages().forEach(message -> add(message, params));
    request.tools().forEach(tool -> params.addTool(tool(tool)));
    if (!request.tools().isEmpty()) {
      params.toolChoice(
          switch (request.toolChoice().mode()) {
            case AUTO -> choice(ChatCompletionToolChoiceOption.Auto.AUTO);
            case NONE -> choice(ChatCompletionToolChoiceOption.Auto.NONE);
            case REQUIRED -> choice(ChatCompletionToolChoiceOption.Auto.REQUIRED);
            case FUNCTION ->
              ChatCompletionToolChoiceOption.ofNamedToolChoice(
                  ChatCompletionNamedToolChoice.builder()
                      .function(ChatCompletionNamedToolChoice.Function.builder()
                          .name(request.toolChoice().function())
                          .build())
                      .build());
          });
    }
    Sampling sampling = request.sampling();
    params.temperature(sampling.temperature());
    params.topP(sampling.topP());
    params.putAdditionalBodyProperty("seed", JsonValue.from(sampling.seed()));
    if (sampling.maxTokens() > 0) {
      params.putAdditionalBodyProperty("max_tokens", JsonValue.from(sampling.maxTokens()));
    }
    if (!sampling.stop().isEmpty()) {
      params.stop(ChatCompletionCreateParams.Stop.ofStrings(sampling.stop()));
    }
    return params.build();
  }

  private static ChatCompletionToolChoiceOption choice(ChatCompletionToolChoiceOption.Auto auto) {
    return ChatCompletionToolChoiceOption.ofAuto(auto);
  }

  private static void add(ChatMessage message, ChatCompletionCreateParams.Builder params) {
    switch (message.role()) {
      case "system" -> params.addSystemMessage(message.content());
      case "assistant" -> {
        ChatCompletionAssistantMessageParam.Builder assistant =
            ChatCompletionAssistantMessageParam.builder();
        if (!message.content().isEmpty() || message.toolCalls().isEmpty()) {
          assistant.content(message.content());
        }
        for (ToolCall call : message.toolCalls()) {
          assistant.addToolCall(ChatCompletionMessageFunctionToolCall.builder()
              .id(call.id())
              .function(ChatCompletionMessageFunctionToolCall.Function.builder()
                  .name(call.name())
                  .arguments(call.arguments())
                  .build())
              .build());
        }
        params.addMessage(assistant.build());
      }
      case "tool" ->
        params.addMessage(ChatCompletionToolMessageParam.builder()
            .toolCallId(message.toolCallId())
            .content(message.content())
            .build());
      default -> params.addUserMessage(message.content());
    }
  }

  private static ChatCompletionFunctionTool tool(ToolSpecification tool) {
    FunctionParameters.Builder parameters = FunctionParameters.builder();
    schema(tool)
        .forEach((key, value) -> parameters.putAdditionalProperty(key, JsonValue.from(value)));
    return ChatCompletionFunctionTool.builder()
        .function(FunctionDefinition.builder()
            .name(tool.name())
            .description(tool.description())
            .parameters(parameters.build())
            .build())
        .build();
  }

  private static Map<String, Object> schema(ToolSpecification tool) {
    try {
      return JSON.readValue(tool.parameters(), new TypeReference<Map<String, Object>>() {});
    } catch (JsonProcessingException e) {
      throw new AgentOsException(
          ErrorCode.TOOL_SCHEMA_INVALID,
          "the parameters of tool '" + tool.name() + "' are not a JSON object: "
              + e.getOriginalMessage(),
          "tools",
          e);
    }
  }

  @Override
  public void close() {
    client.close();
    streams.shutdown();
  }
}
