package io.llmagentos.model.scripted;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.llmagentos.model.chat.ChatMessage;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.ChatRequest;
import io.llmagentos.model.chat.Sampling;
import io.llmagentos.model.chat.ToolCall;
import io.llmagentos.model.chat.ToolChoice;
import io.llmagentos.model.chat.ToolSpecification;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScriptedModelTest {
  private static final ScriptedModel MODEL =
      ScriptedModel.create("script", ConfigFactory.parseString("""
      rules = [
        { when = "order (?<order>\\\\d+)", calls = [
            { name = cancel, arguments = "{\\"order\\":${order}}" }
            { name = refund }
          ] }
        { when = "order (?<order>\\\\d+)", round = 2, results = "paid on (?<day>\\\\w+)", text = "Order ${order} is paid on ${day}." }
        { when = "order", round = 2, text = "It did not work." }
      ]
      """));

  @Test
  void shouldCallSeveralFunctionsWithWhatItHeard() {
    ChatReply reply = ask(ChatMessage.user("cancel order 118"));
    assertThat(reply.finishReason()).isEqualTo(ChatReply.FinishReason.TOOL_CALLS);
    assertThat(reply.toolCalls())
        .containsExactly(
            new ToolCall("call_0", "cancel", "{\"order\":118}"),
            new ToolCall("call_1", "refund", "{\"order\":\"118\"}"));
  }

  @Test
  void shouldGoOnFromTheResultsOfItsCalls() {
    assertThat(ask(round("cancelled", "paid on Friday")).text())
        .isEqualTo("Order 118 is paid on Friday.");
    assertThat(ask(round("cancelled", "error: no")).text()).isEqualTo("It did not work.");
  }

  @Test
  void shouldBeginAnewWithTheNextWordsOfTheUser() {
    List<ChatMessage> messages = new ArrayList<>(List.of(round("cancelled", "paid on Friday")));
    messages.add(ChatMessage.assistant("Order 118 is paid on Friday."));
    messages.add(ChatMessage.user("and order 119"));
    assertThat(ask(messages.toArray(ChatMessage[]::new)).toolCalls()).hasSize(2);
  }

  private static ChatMessage[] round(String first, String second) {
    ChatMessage user = ChatMessage.user("cancel order 118");
    return new ChatMessage[] {
      user,
      new ChatMessage("assistant", "", ask(user).toolCalls(), ""),
      new ChatMessage("tool", first, List.of(), "call_0"),
      new ChatMessage("tool", second, List.of(), "call_1")
    };
  }

  private static ChatReply ask(ChatMessage... messages) {
    ChatRequest request = new ChatRequest(
        "script",
        List.of(messages),
        List.of(
            new ToolSpecification("cancel", "", "{}"), new ToolSpecification("refund", "", "{}")),
        ToolChoice.AUTO,
        Sampling.GREEDY);
    return MODEL.chat(request, text -> true).toCompletableFuture().join();
  }
}
