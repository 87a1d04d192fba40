package io.llmagentos.rl.env.box2d;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.rl.env.ArrayEnv;
import io.llmagentos.rl.env.EnvChecker;
import io.llmagentos.rl.env.Outcome;
import io.llmagentos.rl.env.registration.EnvRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LunarLanderTest {
  private static final EnvRegistry REGISTRY = EnvRegistry.load();

  /** A controller that tilts towards the pad and brakes; Gymnasium's own of this kind earns 271 and 296 in the two recorded landings. */
  @ParameterizedTest
  @ValueSource(strings = {"LunarLander-v3", "LunarLanderContinuous-v3"})
  void shouldBeSolvedByAController(String id) {
    double sum = 0;
    int episodes = 30;
    try (ArrayEnv<?, ?> env = (ArrayEnv<?, ?>) REGISTRY.make(id)) {
      for (int seed = 0; seed < episodes; seed++) {
        sum += land(env, seed);
      }
    }
    assertThat(sum / episodes).isGreaterThan(200);
  }

  private static double land(ArrayEnv<?, ?> env, long seed) {
    float[] seen = new float[8];
    float[] action = new float[env.actionSpace().width()];
    Outcome outcome = new Outcome();
    double total = 0;
    env.reset(seed, seen, 0);
    do {
      double tilt = Math.clamp(0.5 * seen[0] + seen[2], -0.4, 0.4);
      double turn = 0.5 * (tilt - seen[4]) - seen[5];
      double lift = 0.5 * (0.55 * Math.abs(seen[0]) - seen[1]) - 0.5 * seen[3];
      if (seen[6] + seen[7] > 0) {
        turn = 0;
        lift = -0.5 * seen[3];
      }
      if (action.length == 2) {
        action[0] = (float) Math.clamp(20 * lift - 1, -1, 1);
        action[1] = (float) Math.clamp(-20 * turn, -1, 1);
      } else {
        action[0] =
            lift > Math.abs(turn) && lift > 0.05 ? 2 : turn < -0.05 ? 3 : turn > 0.05 ? 1 : 0;
      }
      env.step(action, 0, seen, 0, outcome);
      total += outcome.reward;
    } while (!outcome.done());
    return total;
  }

  @Test
  void shouldKeepTheContractInTheWindToo() {
    EnvChecker.check(
        "LunarLander-v3", () -> REGISTRY.make("LunarLander-v3", Map.of("enable_wind", true)));
  }

  /** Full thrust carries it above the declared bounds: no reason to end a training. */
  @Test
  void shouldGoOnAboveTheDeclaredBounds() {
    try (ArrayEnv<?, ?> env = (ArrayEnv<?, ?>) REGISTRY.make("LunarLander-v3")) {
      float highest = 0;
      for (int seed = 0; seed < 20; seed++) {
        float[] seen = new float[8];
        Outcome outcome = new Outcome();
        env.reset(seed, seen, 0);
        do {
          float turn = 0.5f * (0.2f * seen[0] + 0.4f * seen[2] - seen[4]) - seen[5];
          float action = turn < -0.05f ? 3 : turn > 0.05f ? 1 : 2;
          env.step(new float[] {action}, 0, seen, 0, outcome);
          highest = Math.max(highest, seen[1]);
        } while (!outcome.done());
      }
      assertThat(highest).isGreaterThan(2.5f);
    }
  }

  @Test
  void shouldFlyTheSameInManyThreads() throws Exception {
    try (ArrayEnv<?, ?> env = (ArrayEnv<?, ?>) REGISTRY.make("LunarLander-v3");
        ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<Double>> returns = new ArrayList<>();
      for (int seed = 0; seed < 12; seed++) {
        int own = seed;
        returns.add(threads.submit(() -> {
          try (ArrayEnv<?, ?> another = (ArrayEnv<?, ?>) REGISTRY.make("LunarLander-v3")) {
            return land(another, own);
          }
        }));
      }
      for (int seed = 0; seed < returns.size(); seed++) {
        assertThat(returns.get(seed).get()).isEqualTo(land(env, seed));
      }
    }
  }

  @Test
  void shouldRefuseAGravityThatPullsUp() {
    assertThatThrownBy(() -> REGISTRY.make("LunarLander-v3", Map.of("gravity", 1)))
        .isInstanceOf(AgentOsException.class)
        .hasMessageContaining("gravity is 1.0, must be between -12 and 0");
  }
}
