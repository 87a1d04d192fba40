package io.llmagentos.model.serving;

import io.llmagentos.model.GoldenData;
import io.llmagentos.model.chat.ChatMessage;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.ChatRequest;
import io.llmagentos.model.chat.Sampling;
import io.llmagentos.model.chat.ToolChoice;
import io.llmagentos.model.tokenizer.Tokenizer;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.envelope.Provenance;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.typed.ActorSystem;

/** Requests and models for tests. */
final class Serving {
  static final Tokenizer TOKENIZER =
      Tokenizer.load(GoldenData.resources().resolve("tokenizers/gpt2-bpe"));
  static final int VOCABULARY = TOKENIZER.vocabulary().size();

  private Serving() {}

  static ChatRequest request(String text, Sampling sampling) {
    return new ChatRequest(
        "fake", List.of(ChatMessage.user(text)), List.of(), ToolChoice.AUTO, sampling);
  }

  static Sampling tokens(int maxTokens) {
    return new Sampling(0, 1, maxTokens, 0, List.of());
  }

  static Context context(Duration left) {
    return new Context("local", "local", Instant.now().plus(left), "", Provenance.PRINCIPAL);
  }

  static FakeEngine engine(boolean held) {
    return new FakeEngine(VOCABULARY, 200, 1000, held);
  }

  static LocalModelSettings settings(int maxBatch, int queue, int prefillTokens) {
    return new LocalModelSettings(Path.of("."), 1, maxBatch, queue, 1000, 16, prefillTokens);
  }

  static LocalModel model(
      FakeEngine engine,
      LocalModelSettings settings,
      ActorSystem<?> system,
      SimpleMeterRegistry registry) {
    return LocalModel.serve(
        "fake",
        new FakeFormat(TOKENIZER),
        TOKENIZER,
        engine,
        settings,
        system,
        registry,
        Clock.systemUTC());
  }

  /** What the engine says to a prompt. */
  static List<Integer> expected(String text, int count) {
    List<Integer> sequence = new ArrayList<>();
    for (int id : TOKENIZER.encode(text, false).ids()) {
      sequence.add(id);
    }
    int prompt = sequence.size();
    for (int i = 0; i < count; i++) {
      sequence.add(FakeEngine.after(sequence, VOCABULARY));
    }
    return sequence.subList(prompt, sequence.size());
  }

  static ChatReply await(CompletionStage<ChatReply> reply) throws Exception {
    return reply.toCompletableFuture().get(20, TimeUnit.SECONDS);
  }
}
