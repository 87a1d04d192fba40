package io.llmagentos.node.rank;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmagentos.node.error.AgentOsException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorRefResolver;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.pattern.Patterns;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GradientExchangeTest {
  private static final TwoSystems SYSTEMS = new TwoSystems();
  private static final Duration LIMIT = Duration.ofSeconds(20);

  @AfterAll
  static void stop() {
    SYSTEMS.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {10, 200_000})
  void shouldGiveEveryRankTheSameWeightedMean(int width) throws Exception {
    List<ActorRef<GradientExchange.Command>> ranks = ranks(3, LIMIT, "mean" + width);
    for (int round = 0; round < 5; round++) {
      Random random = new Random(round);
      List<float[]> gradients = new ArrayList<>();
      List<CompletableFuture<float[]>> averages = new ArrayList<>();
      for (int rank = 0; rank < 3; rank++) {
        float[] gradient = new float[width];
        for (int i = 0; i < width; i++) {
          gradient[i] = (float) random.nextGaussian();
        }
        gradients.add(gradient.clone());
        CompletableFuture<float[]> average = new CompletableFuture<>();
        averages.add(average);
        ranks.get(rank).tell(new GradientExchange.Average(round, gradient, rank + 1, average));
      }
      float[] first = averages.getFirst().get(20, TimeUnit.SECONDS);
      for (int i = 0; i < width; i += 997) {
        double expected =
            (gradients.get(0)[i] + 2.0 * gradients.get(1)[i] + 3.0 * gradients.get(2)[i]) / 6;
        assertThat(first[i]).isEqualTo((float) expected);
      }
      assertThat(averages.get(1).get(20, TimeUnit.SECONDS)).isEqualTo(first);
      assertThat(averages.get(2).get(20, TimeUnit.SECONDS)).isEqualTo(first);
    }
  }

  /** A step's buckets, which each rank gives when it has them; in the order of the rounds, but the ranks apart from each other. */
  @Test
  void shouldAverageManyRoundsAtTheSameTime() throws Exception {
    int rounds = 24;
    List<ActorRef<GradientExchange.Command>> ranks = ranks(3, LIMIT, "many");
    List<List<CompletableFuture<float[]>>> averages = new ArrayList<>();
    for (int rank : List.of(2, 0, 1)) {
      List<CompletableFuture<float[]>> own = new ArrayList<>();
      for (int round = 0; round < rounds; round++) {
        CompletableFuture<float[]> average = new CompletableFuture<>();
        float[] gradient = new float[round % 2 == 0 ? 7 : 20_000 + round];
        Arrays.fill(gradient, round + rank);
        ranks.get(rank).tell(new GradientExchange.Average(round, gradient, 1, average));
        own.add(average);
      }
      averages.add(own);
    }
    for (List<CompletableFuture<float[]>> own : averages) {
      for (int round = 0; round < rounds; round++) {
        assertThat(own.get(round).get(20, TimeUnit.SECONDS))
            .as("round " + round)
            .containsOnly(round + 1);
      }
    }
  }

  /** Long after the others have begun to ask. */
  @Test
  void shouldWaitForARankThatIsLate() throws Exception {
    List<ActorRef<GradientExchange.Command>> ranks = ranks(2, Duration.ofMinutes(2), "late");
    List<CompletableFuture<float[]>> averages = new ArrayList<>();
    for (int round = 0; round < 4; round++) {
      CompletableFuture<float[]> average = new CompletableFuture<>();
      averages.add(average);
      ranks.get(0).tell(new GradientExchange.Average(round, new float[] {1}, 1, average));
    }
    assertThat(averages.get(1)).failsWithin(Duration.ofSeconds(3));
    for (int round = 0; round < 4; round++) {
      ranks
          .get(1)
          .tell(new GradientExchange.Average(round, new float[] {3}, 1, new CompletableFuture<>()));
    }
    for (CompletableFuture<float[]> average : averages) {
      assertThat(average.get(20, TimeUnit.SECONDS)).containsExactly(2);
    }
  }

  /** The others, and those where the round is not averaged, name it too. */
  @Test
  void shouldNameTheRankThatGivesNothing() {
    List<ActorRef<GradientExchange.Command>> ranks = ranks(3, Duration.ofSeconds(6), "missing");
    List<CompletableFuture<float[]>> averages = new ArrayList<>();
    for (int rank : List.of(0, 2)) {
      for (int round = 0; round < 3; round++) {
        CompletableFuture<float[]> average = new CompletableFuture<>();
        averages.add(average);
        ranks.get(rank).tell(new GradientExchange.Average(round, new float[] {1}, 1, average));
      }
    }
    for (CompletableFuture<float[]> average : averages) {
      assertThat(average)
          .failsWithin(LIMIT)
          .withThrowableOfType(ExecutionException.class)
          .withCauseInstanceOf(AgentOsException.class)
          .withMessageContaining("missing are ranks [1]");
    }
  }

  @Test
  void shouldNameTheRankThatIsGone() {
    List<ActorRef<GradientExchange.Command>> ranks = ranks(2, Duration.ofSeconds(3), "gone");
    stop(ranks.get(1));
    for (int round = 0; round < 2; round++) {
      CompletableFuture<float[]> average = new CompletableFuture<>();
      ranks.get(0).tell(new GradientExchange.Average(round, new float[] {1}, 1, average));
      assertThat(average)
          .failsWithin(LIMIT)
          .withThrowableOfType(ExecutionException.class)
          .withMessageContaining(
              round == 0
                  ? "missing are ranks [1]"
                  : "rank 1, where it is averaged, does not answer");
    }
  }

  @Test
  void shouldFailWhatWaitsWhenARankIsStopped() {
    List<ActorRef<GradientExchange.Command>> ranks = ranks(2, LIMIT, "stopped");
    CompletableFuture<float[]> average = new CompletableFuture<>();
    ranks.get(1).tell(new GradientExchange.Average(1, new float[] {1}, 1, average));
    stop(ranks.get(1));
    assertThat(average)
        .failsWithin(LIMIT)
        .withThrowableOfType(ExecutionException.class)
        .withMessageContaining("rank 1 was stopped");
  }

  /** Behind what it was told before. */
  private static void stop(ActorRef<GradientExchange.Command> rank) {
    Patterns.gracefulStop(Adapter.toClassic(rank), LIMIT).toCompletableFuture().join();
  }

  /** Rank 0 in the first system, the others in the second. */
  private static List<ActorRef<GradientExchange.Command>> ranks(
      int size, Duration limit, String name) {
    List<ActorRef<GradientExchange.Command>> local = new ArrayList<>();
    for (int rank = 0; rank < size; rank++) {
      local.add(
          rank == 0
              ? SYSTEMS
                  .first()
                  .systemActorOf(
                      GradientExchange.create(SYSTEMS.firstBulk(), 0, size, limit),
                      name + rank,
                      Props.empty())
              : SYSTEMS
                  .second()
                  .systemActorOf(
                      GradientExchange.create(SYSTEMS.secondBulk(), rank, size, limit),
                      name + rank,
                      Props.empty()));
    }
    local.getFirst().tell(new GradientExchange.Ranks(seenFrom(SYSTEMS.first(), SYSTEMS, local)));
    for (int rank = 1; rank < size; rank++) {
      local.get(rank).tell(new GradientExchange.Ranks(seenFrom(SYSTEMS.second(), SYSTEMS, local)));
    }
    return local;
  }

  private static List<ActorRef<GradientExchange.Command>> seenFrom(
      org.apache.pekko.actor.typed.ActorSystem<Void> system,
      TwoSystems systems,
      List<ActorRef<GradientExchange.Command>> refs) {
    List<ActorRef<GradientExchange.Command>> seen = new ArrayList<>();
    for (int rank = 0; rank < refs.size(); rank++) {
      ActorRefResolver owner = ActorRefResolver.get(rank == 0 ? systems.first() : systems.second());
      seen.add(ActorRefResolver.get(system)
          .resolveActorRef(owner.toSerializationFormat(refs.get(rank))));
    }
    return seen;
  }
}
