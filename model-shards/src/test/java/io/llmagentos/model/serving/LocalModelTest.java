package io.llmagentos.model.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.ConfigFactory;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.Sampling;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LocalModelTest {
  private final ActorTestKit kit = ActorTestKit.create(
      ConfigFactory.parseString("pekko.actor.provider = local\npekko.loglevel = WARNING")
          .withFallback(ConfigFactory.load()));
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  private LocalModel model(FakeEngine engine, int maxBatch, int queue) {
    return Serving.model(engine, Serving.settings(maxBatch, queue, 4), kit.system(), registry);
  }

  private static ErrorCode codeOf(CompletionStage<ChatReply> reply) {
    try {
      Serving.await(reply);
      throw new AssertionError("it succeeded");
    } catch (Exception e) {
      assertThat(e.getCause()).isInstanceOf(AgentOsException.class);
      return ((AgentOsException) e.getCause()).code();
    }
  }

  @Test
  void shouldSayWhatTheEngineSays() throws Exception {
    LocalModel model = model(Serving.engine(false), 4, 10);
    List<String> pieces = new ArrayList<>();
    ChatReply reply = Serving.await(model.chat(
        Serving.request("the lighthouse keeper", Serving.tokens(20)), text -> pieces.add(text)));
    assertThat(reply.tokenIds()).isEqualTo(Serving.expected("the lighthouse keeper", 20));
    assertThat(reply.text()).isEqualTo(String.join("", pieces));
    assertThat(reply.finishReason()).isEqualTo(ChatReply.FinishReason.LENGTH);
    assertThat(reply.logProbs()).hasSize(20).allMatch(p -> p <= 0);
    assertThat(reply.usage().completionTokens()).isEqualTo(20);
    assertThat(reply.weightVersion()).isEqualTo("fake");
    assertThat(registry
            .get("llmagentos.model.tokens")
            .tag("kind", "generated")
            .counter()
            .count())
        .isEqualTo(20);
    assertThat(registry.get("llmagentos.model.first.token").timer().count()).isEqualTo(1);
  }

  @Test
  void shouldSayTheSameInABatchAsAlone() throws Exception {
    LocalModel model = model(Serving.engine(false), 3, 100);
    List<CompletionStage<ChatReply>> replies = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      replies.add(model.chat(
          Serving.request("letter number " + i + " of many", Serving.tokens(5 + i)),
          TokenListener.SILENT));
    }
    for (int i = 0; i < 30; i++) {
      assertThat(Serving.await(replies.get(i)).tokenIds())
          .isEqualTo(Serving.expected("letter number " + i + " of many", 5 + i));
    }
  }

  @Test
  void shouldGoOnWithAnswersWhileALongPromptComesIn() throws Exception {
    FakeEngine engine = Serving.engine(true);
    LocalModel model = model(engine, 4, 10);
    CompletionStage<ChatReply> first =
        model.chat(Serving.request("a", Serving.tokens(40)), TokenListener.SILENT);
    engine.permits.release(3);
    await().until(() -> engine.steps().size() == 3);
    CompletionStage<ChatReply> second = model.chat(
        Serving.request("a long prompt that has many words in it", Serving.tokens(2)),
        TokenListener.SILENT);
    // One step at a time until the second is in, or the first could end before it.
    await().until(() -> {
      if (engine.open() < 2) {
        engine.permits.release();
      }
      return engine.open() == 2;
    });
    engine.permits.release(1000);
    Serving.await(first);
    assertThat(Serving.await(second).tokenIds())
        .isEqualTo(Serving.expected("a long prompt that has many words in it", 2));
    // The long prompt came in pieces of four, and the running answer got its token in each of those
    // steps.
    assertThat(engine.steps())
        .filteredOn(step -> step.contains(4))
        .hasSizeGreaterThan(2)
        .allMatch(step -> step.size() == 2 && step.getFirst() == 1);
  }

  @Test
  void shouldStopWhenTheListenerHasHeardEnough() throws Exception {
    FakeEngine engine = Serving.engine(false);
    LocalModel model = model(engine, 4, 10);
    List<String> pieces = new ArrayList<>();
    ChatReply reply = Serving.await(model.chat(
        Serving.request("the lighthouse", Serving.tokens(100)),
        text -> pieces.add(text) && pieces.size() < 3));
    assertThat(reply.finishReason()).isEqualTo(ChatReply.FinishReason.CANCELLED);
    assertThat(pieces).hasSize(3);
    assertThat(engine.open()).isZero();
  }

  @Test
  void shouldRefuseWhatDoesNotFitTheQueue() throws Exception {
    FakeEngine engine = Serving.engine(true);
    LocalModel model = model(engine, 1, 2);
    CompletionStage<ChatReply> running =
        model.chat(Serving.request("a", Serving.tokens(3)), TokenListener.SILENT);
    await().until(() -> engine.open() == 1);
    CompletionStage<ChatReply> second =
        model.chat(Serving.request("b", Serving.tokens(3)), TokenListener.SILENT);
    CompletionStage<ChatReply> third =
        model.chat(Serving.request("c", Serving.tokens(3)), TokenListener.SILENT);
    assertThat(registry.get("llmagentos.model.queue").gauge().value()).isEqualTo(2);
    assertThat(codeOf(model.chat(Serving.request("d", Serving.tokens(3)), TokenListener.SILENT)))
        .isEqualTo(ErrorCode.QUEUE_FULL);
    engine.permits.release(100);
    for (CompletionStage<ChatReply> reply : List.of(running, second, third)) {
      assertThat(Serving.await(reply).tokenIds()).hasSize(3);
    }
    assertThat(registry.get("llmagentos.model.queue").gauge().value()).isZero();
  }

  @Test
  void shouldFailWhatIsLate() throws Exception {
    FakeEngine engine = Serving.engine(true);
    LocalModel model = model(engine, 1, 5);
    CompletionStage<ChatReply> running = model.chat(
        Assignment.fresh(
            Serving.context(Duration.ofMillis(200)), Serving.request("a", Serving.tokens(50))),
        TokenListener.SILENT);
    CompletionStage<ChatReply> waiting = model.chat(
        Assignment.fresh(
            Serving.context(Duration.ofMillis(200)), Serving.request("b", Serving.tokens(50))),
        TokenListener.SILENT);
    java.time.Instant late = java.time.Instant.now().plusMillis(250);
    await().until(() -> java.time.Instant.now().isAfter(late));
    engine.permits.release(100);
    assertThat(codeOf(running)).isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
    assertThat(codeOf(waiting)).isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
    assertThat(engine.open()).isZero();
  }

  @Test
  void shouldRefuseWhatIsLongerThanTheContext() {
    LocalModel model = model(Serving.engine(false), 4, 10);
    CompletionStage<ChatReply> reply =
        model.chat(Serving.request("a b c", Serving.tokens(500)), TokenListener.SILENT);
    assertThatThrownBy(() -> Serving.await(reply))
        .hasMessageContaining("max_tokens is 500")
        .hasMessageContaining("200");
    assertThat(codeOf(model.chat(
            Serving.request("word ".repeat(300), Sampling.GREEDY), TokenListener.SILENT)))
        .isEqualTo(ErrorCode.CONTEXT_LENGTH_EXCEEDED);
  }

  @Test
  void shouldWaitForRoomInTheCache() throws Exception {
    FakeEngine engine = new FakeEngine(Serving.VOCABULARY, 200, 60, false);
    LocalModel model = model(engine, 8, 20);
    List<CompletionStage<ChatReply>> replies = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      replies.add(model.chat(Serving.request("x" + i, Serving.tokens(20)), TokenListener.SILENT));
    }
    for (int i = 0; i < 10; i++) {
      assertThat(Serving.await(replies.get(i)).tokenIds()).isEqualTo(Serving.expected("x" + i, 20));
    }
    assertThat(codeOf(model.chat(Serving.request("y", Serving.tokens(100)), TokenListener.SILENT)))
        .isEqualTo(ErrorCode.CONTEXT_LENGTH_EXCEEDED);
  }

  @Test
  void shouldFailAPoisonedRequestAlone() throws Exception {
    FakeEngine engine = Serving.engine(true);
    engine.nanAfter = Serving.TOKENIZER.encode("Z", false).ids()[0];
    LocalModel model = model(engine, 4, 10);
    CompletionStage<ChatReply> good =
        model.chat(Serving.request("a", Serving.tokens(8)), TokenListener.SILENT);
    CompletionStage<ChatReply> poisoned =
        model.chat(Serving.request("Z", Serving.tokens(8)), TokenListener.SILENT);
    CompletionStage<ChatReply> badListener =
        model.chat(Serving.request("c", Serving.tokens(8)), text -> {
          throw new IllegalStateException("no ears");
        });
    engine.permits.release(100);
    assertThat(codeOf(poisoned)).isEqualTo(ErrorCode.MODEL_FAILED);
    assertThat(codeOf(badListener)).isEqualTo(ErrorCode.MODEL_FAILED);
    assertThat(Serving.await(good).tokenIds()).isEqualTo(Serving.expected("a", 8));
    assertThat(engine.open()).isZero();
  }

  @Test
  void shouldServeOnAfterTheEngineFailed() throws Exception {
    FakeEngine engine = Serving.engine(false);
    LocalModel model = model(engine, 4, 10);
    engine.beforeLogits = sequence -> {
      throw new IllegalStateException("broken step");
    };
    assertThat(codeOf(model.chat(Serving.request("a", Serving.tokens(8)), TokenListener.SILENT)))
        .isEqualTo(ErrorCode.MODEL_FAILED);
    engine.beforeLogits = sequence -> {};
    assertThat(
            Serving.await(model.chat(Serving.request("a", Serving.tokens(8)), TokenListener.SILENT))
                .tokenIds())
        .isEqualTo(Serving.expected("a", 8));
  }

  @Test
  void shouldTakeUpAnAnswerWithTheSameTokens() throws Exception {
    LocalModel model = model(Serving.engine(false), 4, 10);
    for (Sampling sampling :
        List.of(Serving.tokens(30), new Sampling(1.3f, 0.95f, 30, 42, List.of()))) {
      ChatReply whole = Serving.await(
          model.chat(Serving.request("the keeper wrote", sampling), TokenListener.SILENT));
      StringBuilder heard = new StringBuilder();
      ChatReply resumed = Serving.await(model.chat(
          new Assignment(
              Serving.context(Duration.ofSeconds(20)),
              Serving.request("the keeper wrote", sampling),
              new Assignment.Emitted(
                  "fake", whole.tokenIds().subList(0, 11), whole.logProbs().subList(0, 11))),
          text -> heard.append(text) != null));
      assertThat(resumed).isEqualTo(whole);
      assertThat(whole.text()).endsWith(heard.toString());
      assertThat(heard.length()).isLessThan(whole.text().length());
    }
  }

  @Test
  void shouldDrawTheSameTokensFromTheSameSeed() throws Exception {
    LocalModel model = model(Serving.engine(false), 4, 10);
    List<List<Integer>> answers = new ArrayList<>();
    for (long seed : new long[] {1, 1, 2}) {
      answers.add(Serving.await(model.chat(
              Serving.request("once", new Sampling(2, 1, 30, seed, List.of())),
              TokenListener.SILENT))
          .tokenIds());
    }
    assertThat(answers.get(1)).isEqualTo(answers.get(0));
    assertThat(answers.get(2)).isNotEqualTo(answers.get(0));
  }

  @Test
  void shouldCloseTheEngineAndFailWhatIsInFlight() throws Exception {
    FakeEngine engine = Serving.engine(true);
    LocalModel model = model(engine, 1, 5);
    CompletionStage<ChatReply> running =
        model.chat(Serving.request("a", Serving.tokens(50)), TokenListener.SILENT);
    CompletionStage<ChatReply> waiting =
        model.chat(Serving.request("b", Serving.tokens(50)), TokenListener.SILENT);
    await().until(() -> engine.open() == 1);
    model.close();
    // One token at a time: the word to stop overtakes neither the step that runs nor the next.
    await().until(() -> {
      engine.permits.release();
      return engine.closed.getCount() == 0;
    });
    assertThat(codeOf(running)).isEqualTo(ErrorCode.UNAVAILABLE);
    assertThat(codeOf(waiting)).isEqualTo(ErrorCode.UNAVAILABLE);
  }
}
