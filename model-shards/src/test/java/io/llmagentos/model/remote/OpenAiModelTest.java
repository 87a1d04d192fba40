package io.llmagentos.model.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.typesafe.config.ConfigFactory;
import io.llmagentos.model.chat.ChatMessage;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.ChatRequest;
import io.llmagentos.model.chat.Sampling;
import io.llmagentos.model.chat.ToolCall;
import io.llmagentos.model.chat.ToolChoice;
import io.llmagentos.model.chat.ToolSpecification;
import io.llmagentos.model.serving.TokenListener;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Against an endpoint of our own that speaks the protocol. */
class OpenAiModelTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final ToolSpecification TOOL = new ToolSpecification(
      "get_weather",
      "Weather",
      "{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"}}}");

  private interface Answer {
    void to(HttpExchange exchange) throws IOException;
  }

  private final AtomicReference<JsonNode> body = new AtomicReference<>(JSON.createObjectNode());
  private final AtomicReference<Answer> answer = new AtomicReference<>(exchange -> {});
  private final CountDownLatch done = new CountDownLatch(1);

  @SuppressWarnings("NullAway.Init")
  private HttpServer server;

  @SuppressWarnings("NullAway.Init")
  private OpenAiModel model;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/v1/chat/completions", exchange -> {
      body.set(JSON.readTree(exchange.getRequestBody()));
      Objects.requireNonNull(answer.get()).to(exchange);
      exchange.close();
    });
    server.start();
    model = model("timeout = 60s, retries = 0");
  }

  private void hurry(String settings) {
    model.close();
    model = model("timeout = 500ms, " + settings);
  }

  private OpenAiModel model(String settings) {
    return OpenAiModel.create(
        "gpt",
        ConfigFactory.parseString(
            settings + ", model = big, api-key = k, base-url = \"http://127.0.0.1:"
                + server.getAddress().getPort() + "/v1\""));
  }

  @AfterEach
  void stop() {
    done.countDown();
    model.close();
    server.stop(0);
  }

  private static void stream(HttpExchange exchange, String... chunks) throws IOException {
    exchange.getResponseHeaders().add("Content-Type", "text/event-stream");
    exchange.sendResponseHeaders(200, 0);
    OutputStream out = exchange.getResponseBody();
    for (String chunk : chunks) {
      out.write(("data: " + chunk + "\n\n").getBytes(StandardCharsets.UTF_8));
      out.flush();
    }
  }

  private static String chunk(String delta, String rest) {
    return "{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"big-7\",\"choices\":[{\"index\":0,\"delta\":"
        + delta + ",\"finish_reason\":" + rest + "}]}";
  }

  private static final String USAGE =
      "{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"big-7\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4,\"total_tokens\":13}}";

  private static ChatRequest request(ToolChoice choice) {
    return new ChatRequest(
        "gpt",
        List.of(
            ChatMessage.system("Be kind."),
            ChatMessage.user("Rain?"),
            new ChatMessage("assistant", "", List.of(new ToolCall("c1", "get_weather", "{}")), ""),
            new ChatMessage("tool", "sunny", List.of(), "c1")),
        List.of(TOOL),
        choice,
        new Sampling(0.5f, 0.9f, 20, 7, List.of("END")));
  }

  private ChatReply ask(TokenListener listener) throws Exception {
    return model
        .chat(request(new ToolChoice(ToolChoice.Mode.FUNCTION, "get_weather")), listener)
        .toCompletableFuture()
        .get(60, TimeUnit.SECONDS);
  }

  @Test
  void shouldStreamTextAndSendWhatWasAsked() throws Exception {
    answer.set(exchange -> stream(
        exchange,
        chunk("{\"role\":\"assistant\",\"content\":\"\"}", "null"),
        chunk("{\"content\":\"No \"}", "null"),
        chunk("{\"content\":\"rain.\"}", "null"),
        chunk("{}", "\"stop\""),
        USAGE,
        "[DONE]"));
    List<String> heard = new ArrayList<>();
    ChatReply reply = ask(heard::add);
    assertThat(heard).containsExactly("No ", "rain.");
    assertThat(reply.text()).isEqualTo("No rain.");
    assertThat(reply.model()).isEqualTo("gpt");
    assertThat(reply.weightVersion()).isEqualTo("big-7");
    assertThat(reply.usage()).isEqualTo(new ChatReply.Usage(9, 4));
    assertThat(reply.finishReason()).isEqualTo(ChatReply.FinishReason.STOP);
    JsonNode sent = Objects.requireNonNull(body.get());
    assertThat(sent.get("model").asText()).isEqualTo("big");
    assertThat(sent.get("stream").asBoolean()).isTrue();
    assertThat(sent.get("max_tokens").asInt()).isEqualTo(20);
    assertThat(sent.get("seed").asInt()).isEqualTo(7);
    assertThat(sent.at("/stop/0").asText()).isEqualTo("END");
    assertThat(sent.at("/messages/2/tool_calls/0/function/name").asText()).isEqualTo("get_weather");
    assertThat(sent.at("/messages/3/tool_call_id").asText()).isEqualTo("c1");
    assertThat(sent.at("/tools/0/function/parameters/properties/city/type").asText())
        .isEqualTo("string");
    assertThat(sent.at("/tool_choice/function/name").asText()).isEqualTo("get_weather");
  }

  @Test
  void shouldPutCallsTogether() throws Exception {
    answer.set(exchange -> stream(
        exchange,
        chunk(
            "{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"get_weather\",\"arguments\":\"\"}}]}",
            "null"),
        chunk(
            "{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"city\\\":\"}}]}",
            "null"),
        chunk(
            "{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"\\\"Oslo\\\"}\"}}]}",
            "null"),
        chunk("{}", "\"tool_calls\""),
        "[DONE]"));
    ChatReply reply = ask(TokenListener.SILENT);
    assertThat(reply.toolCalls())
        .containsExactly(new ToolCall("a", "get_weather", "{\"city\":\"Oslo\"}"));
    assertThat(reply.finishReason()).isEqualTo(ChatReply.FinishReason.TOOL_CALLS);
  }

  @Test
  void shouldStopListeningWhenItIsCancelled() throws Exception {
    answer.set(exchange -> {
      stream(exchange, chunk("{\"content\":\"a\"}", "null"), chunk("{\"content\":\"b\"}", "null"));
      waitUntilDone();
    });
    ChatReply reply = ask(text -> false);
    assertThat(reply.finishReason()).isEqualTo(ChatReply.FinishReason.CANCELLED);
    assertThat(reply.text()).isEqualTo("a");
  }

  @Test
  void shouldGiveUpAnEndpointThatDoesNotAnswer() {
    hurry("retries = 0");
    answer.set(exchange -> waitUntilDone());
    assertCode(ErrorCode.DEADLINE_EXCEEDED, "0.5");
  }

  @Test
  void shouldGiveUpWithinItsTimeHoweverOftenItWouldTryAgain() {
    hurry("retries = 100");
    answer.set(exchange -> waitUntilDone());
    assertCode(ErrorCode.DEADLINE_EXCEEDED, "0.5");
  }

  @Test
  void shouldGiveUpAStreamThatDoesNotEnd() {
    hurry("retries = 0");
    answer.set(exchange -> {
      stream(exchange, chunk("{\"content\":\"a\"}", "null"));
      while (!isDoneWithin100Millis()) {
        exchange
            .getResponseBody()
            .write(("data: " + chunk("{\"content\":\"a\"}", "null") + "\n\n")
                .getBytes(StandardCharsets.UTF_8));
        exchange.getResponseBody().flush();
      }
    });
    assertCode(ErrorCode.DEADLINE_EXCEEDED, "0.5");
  }

  private boolean isDoneWithin100Millis() {
    try {
      return done.await(100, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
  }

  private void waitUntilDone() {
    try {
      done.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void shouldTellErrorsByTheirCodes() {
    refuse(429, "rate_limit_exceeded");
    assertCode(ErrorCode.QUEUE_FULL, "429");
    refuse(400, "context_length_exceeded");
    assertCode(ErrorCode.CONTEXT_LENGTH_EXCEEDED, "400");
    refuse(401, "invalid_api_key");
    assertCode(ErrorCode.MODEL_FAILED, "401");
    refuse(404, "model_not_found");
    assertCode(ErrorCode.MODEL_NOT_FOUND, "404");
    refuse(503, "busy");
    assertCode(ErrorCode.UNAVAILABLE, "503");
  }

  @Test
  void shouldTellErrorsInTheStreamByTheirCodes() {
    answer.set(exchange -> stream(
        exchange,
        chunk("{\"content\":\"a\"}", "null"),
        "{\"error\":{\"message\":\"no\",\"type\":\"t\",\"param\":null,\"code\":\"unavailable\"}}"));
    assertCode(ErrorCode.UNAVAILABLE, "no");
    answer.set(exchange -> stream(
        exchange,
        chunk("{\"content\":\"a\"}", "null"),
        "{\"error\":{\"message\":\"no\",\"type\":\"t\",\"param\":null,\"code\":\"oops\"}}"));
    assertCode(ErrorCode.MODEL_FAILED, "no");
  }

  @Test
  void shouldFailWhenTheStreamEndsEarly() {
    answer.set(exchange -> stream(exchange, chunk("{\"content\":\"a\"}", "null")));
    assertCode(ErrorCode.MODEL_FAILED, "early");
  }

  @Test
  void shouldTellWhenNobodyIsThere() {
    server.stop(0);
    assertCode(ErrorCode.UNAVAILABLE, "reached");
  }

  private void refuse(int status, String code) {
    byte[] error = ("{\"error\":{\"message\":\"no\",\"type\":\"t\",\"param\":null,\"code\":\""
            + code + "\"}}")
        .getBytes(StandardCharsets.UTF_8);
    answer.set(exchange -> {
      exchange.getResponseHeaders().add("Content-Type", "application/json");
      exchange.sendResponseHeaders(status, error.length);
      exchange.getResponseBody().write(error);
    });
  }

  private void assertCode(ErrorCode code, String text) {
    assertThatThrownBy(() -> ask(TokenListener.SILENT))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOfSatisfying(
            AgentOsException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageContaining(text);
  }
}
