package io.llmagentos.rl.env;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.rl.env.registration.EnvRegistry;
import io.llmagentos.rl.random.Generator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class VectorEnvTest {
  private static final EnvRegistry REGISTRY = EnvRegistry.load();

  private static VectorEnv cartPoles(int n, AutoresetMode mode) {
    return REGISTRY.makeVec("CartPole-v1", n, mode, Map.of("max_episode_steps", 30));
  }

  private static void act(Generator random, float[] actions) {
    for (int i = 0; i < actions.length; i++) {
      actions[i] = random.integers(2);
    }
  }

  @Test
  void shouldLeaveResetsToTheCallerWhenAutoresetIsDisabled() {
    try (VectorEnv envs = cartPoles(2, AutoresetMode.DISABLED)) {
      VectorStep step = envs.newStep();
      envs.reset(3, step);
      float[] right = {1, 1};
      int steps = 0;
      while (!step.done(0)) {
        envs.step(steps % 2 == 0 ? right : new float[] {1, 0}, step);
        steps++;
      }
      assertThat(step.terminated()[0]).isTrue();
      assertThatThrownBy(() -> envs.step(right, step))
          .isInstanceOfSatisfying(
              AgentOsException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFLICT))
          .hasMessageContaining("CartPole-v1: step without reset: the episode has ended");
      float[] other = {step.observations()[4], step.observations()[7]};
      envs.reset(new boolean[] {true, false}, step);
      assertThat(step.done(0)).isFalse();
      assertThat(step.observations()[0]).isBetween(-0.05f, 0.05f);
      assertThat(new float[] {step.observations()[4], step.observations()[7]}).isEqualTo(other);
      envs.step(right, step);
      assertThat(step.rewards()).containsExactly(1, 1);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"NEXT_STEP", "SAME_STEP"})
  void shouldGoOnFromASnapshotAsIfNothingHadHappened(AutoresetMode mode) {
    try (VectorEnv envs = cartPoles(3, mode);
        VectorEnv other = cartPoles(3, mode)) {
      VectorStep step = envs.newStep();
      VectorStep again = other.newStep();
      envs.reset(5, step);
      float[] actions = new float[3];
      Generator random = Generator.of(1);
      boolean ended = false;
      for (int i = 0; i < 25 || !ended; i++) { // so that a reset may be due
        act(random, actions);
        envs.step(actions, step);
        ended = step.done(0) || step.done(1) || step.done(2);
      }
      other.reset(99, again);
      other.restore(envs.snapshot().orElseThrow());
      for (int i = 0; i < 200; i++) {
        act(random, actions);
        envs.step(actions, step);
        other.step(actions, again);
        assertThat(again.observations()).isEqualTo(step.observations());
        assertThat(again.terminated()).isEqualTo(step.terminated());
        assertThat(again.truncated()).isEqualTo(step.truncated());
      }
    }
  }

  @Test
  void shouldGiveActionMasks() {
    try (VectorEnv envs = REGISTRY.makeVec("Taxi-v4", 3, AutoresetMode.SAME_STEP, Map.of())) {
      VectorStep step = envs.newStep();
      envs.reset(1, step);
      assertThat(envs.observationWidth()).isEqualTo(500);
      assertThat(envs.actionMaskWidth()).isEqualTo(6);
      boolean[] masks = new boolean[18];
      envs.actionMasks(masks);
      for (int i = 0; i < 3; i++) {
        byte[] info = (byte[]) Objects.requireNonNull(envs.info(i).get("action_mask"));
        for (int a = 0; a < 6; a++) {
          assertThat(masks[i * 6 + a]).isEqualTo(info[a] == 1);
        }
      }
    }
  }

  @Test
  void shouldRefuseEnvironmentsWithDifferentSpaces() {
    assertThatThrownBy(() -> new VectorEnv(
            List.of(REGISTRY.make("CartPole-v1"), REGISTRY.make("Acrobot-v1")),
            AutoresetMode.SAME_STEP))
        .isInstanceOf(AgentOsException.class)
        .hasMessageContaining("same spaces");
  }

  @Test
  void shouldRefuseAnActionOutsideItsSpaceByName() {
    try (VectorEnv envs = cartPoles(2, AutoresetMode.SAME_STEP)) {
      VectorStep step = envs.newStep();
      envs.reset(1, step);
      for (float action : new float[] {2, -1, 0.5f, Float.NaN}) {
        assertThatThrownBy(() -> envs.step(new float[] {0, action}, step))
            .isInstanceOfSatisfying(
                AgentOsException.class,
                e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_REQUEST))
            .hasMessageStartingWith("CartPole-v1: the action " + action + " is outside Discrete");
      }
    }
  }
}
