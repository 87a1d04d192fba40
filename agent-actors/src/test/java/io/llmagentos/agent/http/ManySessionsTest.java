package io.llmagentos.agent.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.llmagentos.agent.AgentOs;
import io.llmagentos.agent.session.Session;
import io.llmagentos.agent.session.Turn;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.cluster.sharding.ShardRegion;
import org.apache.pekko.cluster.sharding.typed.ClusterShardingQuery;
import org.apache.pekko.cluster.sharding.typed.GetShardRegionState;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Many sessions on one node, and many clients of one session. Ten thousand of them: {@code agentos bench idle}. */
class ManySessionsTest {
  @RegisterExtension
  static final RunningNode NODE = new RunningNode(
      "pekko.cluster.sharding.passivation.default-idle-strategy.idle-entity.timeout = 2s");

  private static final Duration LIMIT = Duration.ofMinutes(3);
  private static final int SESSIONS = 1000;
  private static final int AT_A_TIME = 50;
  private static final int TURNS_OF_A_CLIENT = 10;

  @Test
  void shouldPassivateSessionsAndKnowThemWhenTheyAreBack() throws Exception {
    sayInEach(1);
    await("no session is in memory").atMost(LIMIT).until(() -> inMemory() == 0);
    sayInEach(2);
  }

  @Test
  void shouldGiveTwoClientsOfASessionOneOrder() throws Exception {
    CompletableFuture<Void> one = CompletableFuture.runAsync(() -> converse("one"));
    CompletableFuture<Void> other = CompletableFuture.runAsync(() -> converse("other"));
    CompletableFuture.allOf(one, other).get(2, TimeUnit.MINUTES);

    List<String> turns =
        dialogue("shared").history().toCompletableFuture().get(1, TimeUnit.MINUTES).stream()
            .map(Turn::id)
            .toList();
    assertThat(turns).hasSize(3 * TURNS_OF_A_CLIENT).doesNotHaveDuplicates();
    for (String client : List.of("one", "other")) {
      assertThat(turns)
          .filteredOn(turn -> turn.startsWith(client))
          .containsExactlyElementsOf(IntStream.range(0, TURNS_OF_A_CLIENT)
              .mapToObj(turn -> client + "-" + turn)
              .toList());
    }
  }

  /** Turns of a client's own, and turns that the other says too: under one id they are one turn. */
  private static void converse(String client) {
    AgentOs.Dialogue dialogue = dialogue("shared");
    for (int turn = 0; turn < TURNS_OF_A_CLIENT; turn++) {
      for (String id : List.of(client + "-" + turn, "both-" + turn)) {
        Turn said = dialogue.say(id, "hello").toCompletableFuture().join();
        assertThat(said.answer()).as(id).startsWith("Hello there");
      }
    }
  }

  /** @param turn of every session: those before it are still known */
  private static void sayInEach(int turn) throws Exception {
    for (int begin = 0; begin < SESSIONS; begin += AT_A_TIME) {
      List<CompletableFuture<List<Turn>>> histories = IntStream.range(begin, begin + AT_A_TIME)
          .mapToObj(session -> dialogue("s" + session))
          .map(dialogue ->
              dialogue.say("hello").thenCompose(said -> dialogue.history()).toCompletableFuture())
          .toList();
      for (CompletableFuture<List<Turn>> history : histories) {
        assertThat(history.get(1, TimeUnit.MINUTES))
            .hasSize(turn)
            .allMatch(each -> each.answer().startsWith("Hello there"));
      }
    }
  }

  private static AgentOs.Dialogue dialogue(String session) {
    return AgentOs.on(NODE.node()).session("assistant", "many", session);
  }

  private static int inMemory() {
    ActorSystem<?> system = NODE.node().system();
    return AskPattern.<ClusterShardingQuery, ShardRegion.CurrentShardRegionState>ask(
            ClusterSharding.get(system).shardState(),
            replyTo -> new GetShardRegionState(Session.KEY, replyTo),
            Duration.ofSeconds(30),
            system.scheduler())
        .toCompletableFuture()
        .join()
        .getShards()
        .stream()
        .mapToInt(shard -> shard.getEntityIds().size())
        .sum();
  }
}
