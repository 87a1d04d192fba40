package io.llmagentos.model.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.llmagentos.model.ModelSubsystem;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.Sampling;
import io.llmagentos.node.boot.WireTypes;
import io.llmagentos.node.wire.WireSetup;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.apache.pekko.actor.BootstrapSetup;
import org.apache.pekko.actor.setup.ActorSystemSetup;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Down;
import org.apache.pekko.cluster.typed.Join;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Three nodes in one process: a router without a model, and two replicas. */
class ModelRouterTest {
  private static final Config CONFIG = ConfigFactory.parseString("""
          pekko.remote.artery.canonical { hostname = "127.0.0.1", port = 0 }
          pekko.coordinated-shutdown.run-by-actor-system-terminate = off
          pekko.coordinated-shutdown.run-by-jvm-shutdown-hook = off
          pekko.coordinated-shutdown.terminate-actor-system = off
          pekko.cluster { roles = [core], jmx.multi-mbeans-in-same-jvm = on }
          pekko.loglevel = WARNING
          """)
      .withFallback(ConfigFactory.parseResources("llmagentos-pekko.conf"))
      .withFallback(ConfigFactory.load());

  private final List<ActorSystem<Void>> systems = new ArrayList<>();

  @AfterEach
  void stop() {
    systems.forEach(ActorSystem::terminate);
  }

  private ActorSystem<Void> node() {
    ActorSystem<Void> system = ActorSystem.create(
        Behaviors.empty(),
        "agentos",
        ActorSystemSetup.create(
            BootstrapSetup.create(CONFIG),
            new WireSetup(WireTypes.of(List.of(new ModelSubsystem())))));
    systems.add(system);
    Cluster cluster = Cluster.get(system);
    cluster
        .manager()
        .tell(Join.create(Cluster.get(systems.getFirst()).selfMember().address()));
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> MemberStatus.up().equals(cluster.selfMember().status()));
    return system;
  }

  private static ModelRouter router(ActorSystem<?> system, Map<String, LanguageModel> models) {
    return ModelRouter.start(
        system, models, Clock.systemUTC(), Duration.ofSeconds(1), Duration.ofSeconds(3));
  }

  private static FakeEngine serve(ActorSystem<?> system) {
    FakeEngine engine = Serving.engine(true);
    LocalModel model =
        Serving.model(engine, Serving.settings(4, 2, 16), system, new SimpleMeterRegistry());
    ModelRouter unused = router(system, Map.of("fake", model));
    assertThat(unused.ids()).contains("fake");
    return engine;
  }

  static Stream<Sampling> samplings() {
    return Stream.of(Serving.tokens(40), new Sampling(1.2f, 0.9f, 40, 99, List.of()));
  }

  @ParameterizedTest
  @MethodSource("samplings")
  void shouldGoOnWithTheSameTokensWhenTheReplicasNodeIsLost(Sampling sampling) throws Exception {
    ActorSystem<Void> asking = node();
    ModelRouter router = router(asking, Map.of());
    ActorSystem<Void> one = node();
    ActorSystem<Void> other = node();
    List<FakeEngine> engines = List.of(serve(one), serve(other));
    await().atMost(Duration.ofSeconds(20)).until(() -> router.doors("fake") == 2);

    List<String> heard = Collections.synchronizedList(new ArrayList<>());
    CompletionStage<ChatReply> reply = router.chat(
        Serving.context(Duration.ofSeconds(60)),
        Serving.request("the keeper wrote a letter", sampling),
        heard::add);
    await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> engines.stream().anyMatch(engine -> engine.open() == 1));
    boolean firstIsBusy = engines.get(0).open() == 1;
    FakeEngine busy = engines.get(firstIsBusy ? 0 : 1);
    FakeEngine idle = engines.get(firstIsBusy ? 1 : 0);
    busy.permits.release(10);
    await().atMost(Duration.ofSeconds(10)).until(() -> !heard.isEmpty());

    kill(firstIsBusy ? one : other, asking);
    idle.permits.release(1000);
    ChatReply whole = Serving.await(reply);

    if (sampling.temperature() == 0) {
      assertThat(whole.tokenIds()).isEqualTo(Serving.expected("the keeper wrote a letter", 40));
    }
    assertThat(whole.tokenIds()).hasSize(40);
    assertThat(String.join("", heard)).isEqualTo(whole.text());
    assertThat(idle.steps().getFirst().getFirst())
        .as("the other replica began with prompt and answer so far")
        .isGreaterThan(
            Serving.TOKENIZER.encode("the keeper wrote a letter", false).length());
    assertThat(whole).isEqualTo(undisturbed(router, idle, sampling));
  }

  private static ChatReply undisturbed(ModelRouter router, FakeEngine engine, Sampling sampling)
      throws Exception {
    engine.permits.release(1000);
    return Serving.await(router.chat(
        Serving.context(Duration.ofSeconds(30)),
        Serving.request("the keeper wrote a letter", sampling),
        TokenListener.SILENT));
  }

  private void kill(ActorSystem<Void> dying, ActorSystem<Void> survivor) {
    Cluster.get(survivor)
        .manager()
        .tell(new Down(Cluster.get(dying).selfMember().address()));
    dying.terminate();
    systems.remove(dying);
    await().atMost(Duration.ofSeconds(20)).until(() -> {
      for (org.apache.pekko.cluster.Member member :
          Cluster.get(survivor).state().getMembers()) {
        if (member.address().equals(Cluster.get(dying).selfMember().address())) {
          return false;
        }
      }
      return true;
    });
  }

  @Test
  void shouldCancelOnTheOtherNodeAndTryAnotherWhenOneIsFull() throws Exception {
    ActorSystem<Void> asking = node();
    ModelRouter router = router(asking, Map.of());
    FakeEngine engine = serve(node());
    await().atMost(Duration.ofSeconds(20)).until(() -> router.ids().contains("fake"));
    engine.permits.release(10_000);
    List<String> heard = Collections.synchronizedList(new ArrayList<>());
    ChatReply cancelled = Serving.await(router.chat(
        Serving.context(Duration.ofSeconds(30)),
        Serving.request("the lighthouse", Serving.tokens(150)),
        text -> heard.add(text) && heard.size() < 2));
    assertThat(cancelled.finishReason())
        .isIn(ChatReply.FinishReason.CANCELLED, ChatReply.FinishReason.LENGTH);
    await().until(() -> engine.open() == 0);

    engine.permits.drainPermits();
    List<CompletionStage<ChatReply>> replies = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      replies.add(router.chat(
          Serving.context(Duration.ofSeconds(30)),
          Serving.request("a", Serving.tokens(5)),
          TokenListener.SILENT));
    }
    await()
        .until(() -> replies.stream()
            .anyMatch(reply -> reply.toCompletableFuture().isCompletedExceptionally()));
    engine.permits.release(1000);
    long full = 0;
    for (CompletionStage<ChatReply> reply : replies) {
      try {
        Serving.await(reply);
      } catch (java.util.concurrent.ExecutionException e) {
        assertThat(e.getCause()).hasMessageContaining("waiting");
        full++;
      }
    }
    assertThat(full).isBetween(1L, 7L);

    assertThatThrownBy(() -> Serving.await(router.chat(
            Serving.context(Duration.ofMillis(300)),
            Serving.request("late", Serving.tokens(150)),
            text -> {
              engine.permits.drainPermits();
              return true;
            })))
        .hasMessageContaining("deadline");
    engine.permits.release(1000);
  }

  @Test
  void shouldNameTheModelThatDoesNotExist() {
    ActorSystem<Void> asking = node();
    ModelRouter router = router(asking, Map.of());
    assertThatThrownBy(() -> Serving.await(router.chat(
            Serving.context(Duration.ofSeconds(30)),
            Serving.request("x", Serving.tokens(5)),
            TokenListener.SILENT)))
        .hasMessageContaining("model 'fake' does not exist");
  }
}
