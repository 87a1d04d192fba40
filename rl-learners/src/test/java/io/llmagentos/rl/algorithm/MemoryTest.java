package io.llmagentos.rl.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.rl.policy.ActionDistribution;
import io.llmagentos.rl.policy.ActorCritic;
import io.llmagentos.rl.policy.Sequences;
import io.llmagentos.rl.random.Generator;
import io.llmagentos.rl.rollout.Fragment;
import io.llmagentos.rl.rollout.Sampler;
import io.llmagentos.rl.rollout.Sampler.Behaviour;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a policy with a memory learns from is what it sampled. Episodes end everywhere in the sequences, by falling and by a limit of 13 steps. */
class MemoryTest {
  private static final int ENVIRONMENTS = 6;
  private static final int STEPS = 40;
  private static final int LENGTH = 8;
  private static final double GAMMA = 0.9;
  private static final OnPolicyConfig<?> CONFIG = new PPOConfig()
      .with(Map.of(
          "env",
          "CartPole-v1",
          "env_config",
          Map.of("max_episode_steps", 13),
          "num_envs_per_env_runner",
          ENVIRONMENTS,
          "train_batch_size_per_learner",
          ENVIRONMENTS * STEPS,
          "use_lstm",
          true,
          "vf_share_layers",
          true,
          "lstm_cell_size",
          5,
          "max_seq_len",
          LENGTH));

  private final ActorCritic module = module();
  private final ActionDistribution distribution = module.policy().distribution();
  private final int stateWidth = module.policy().network().stateWidth();
  private final float[] parameters = parameters(module);

  private static ActorCritic module() {
    try (var env = CONFIG.newVectorEnv(TestEnvs.REGISTRY, 1)) {
      return Modules.actorCritic(CONFIG, env);
    }
  }

  /** Larger than training begins with, so that what is remembered matters. */
  private static float[] parameters(ActorCritic module) {
    Generator random = Generator.of(5);
    float[] parameters = new float[module.parameterCount()];
    for (int i = 0; i < parameters.length; i++) {
      parameters[i] = (float) (0.5 * random.standardNormal());
    }
    module.load(parameters);
    return parameters;
  }

  /** The first fragment of the environments, and one in the course of episodes. */
  private List<Fragment> sampled() {
    try (Sampler sampler = CONFIG.newSampler(TestEnvs.REGISTRY, ENVIRONMENTS, 0)) {
      sampler.load(parameters);
      return List.of(
          sampler.sample(STEPS, Behaviour.EXPLORE), sampler.sample(STEPS, Behaviour.EXPLORE));
    }
  }

  @Test
  void shouldLearnFromWhatItSampled() {
    List<Fragment> fragments = sampled();
    assertThat(fragments).allSatisfy(fragment -> {
      assertThat(fragment.finalRows()).isNotEmpty();
      assertThat(fragment.terminated()).contains(true);
    });
    Batch batch = Batch.of(fragments, module, true, GAMMA, 1);
    float[] inputs = new float[batch.oldInputs().length];
    float[] values = new float[batch.rows()];
    module.forward(batch.observations(), batch.sequences(), batch.rows(), inputs, values);
    int width = distribution.inputWidth();
    for (int row = 0; row < batch.rows(); row++) {
      assertThat(distribution.logProb(inputs, row * width, batch.actions(), row))
          .as("row %d", row)
          .isCloseTo(batch.oldLogProbs()[row], within(1e-5));
      assertThat(values[row]).isCloseTo(batch.oldValues()[row], within(1e-5f));
    }
    float[] forgetful = new float[inputs.length];
    module.forward(batch.observations(), begins(batch.rows()), batch.rows(), forgetful, values);
    assertThat(forgetful).as("what is remembered matters").isNotEqualTo(inputs);
  }

  private Sequences begins(int rows) {
    return new Sequences(1, new float[rows * stateWidth], new boolean[rows]);
  }

  /** Plays every episode again, from its beginning and one observation at a time. */
  @Test
  void shouldBootstrapWithWhatItRemembers() {
    Fragment fragment = sampled().getFirst();
    Batch batch = Batch.of(List.of(fragment), module, true, GAMMA, 1);
    int width = fragment.observationWidth();
    for (int n = 0; n < ENVIRONMENTS; n++) {
      double[] values = new double[STEPS];
      double[] following = new double[STEPS];
      float[] state = new float[stateWidth];
      for (int t = 0; t < STEPS; t++) {
        int row = n * STEPS + t;
        float[] now = Arrays.copyOfRange(fragment.observations(), row * width, (row + 1) * width);
        values[t] = value(now, state);
        float[] next = new float[width];
        fragment.nextObservation(row, next, 0);
        following[t] = fragment.terminated()[row] ? 0 : value(next, state.clone());
        if (fragment.done(row)) {
          state = new float[stateWidth];
        }
      }
      double expected = 0;
      for (int t = STEPS - 1; t >= 0; t--) {
        int row = n * STEPS + t;
        boolean cut = fragment.done(row) || t == STEPS - 1;
        expected = fragment.rewards()[row] + GAMMA * (cut ? following[t] : expected);
        assertThat((double) batch.oldValues()[row]).isCloseTo(values[t], within(1e-6));
        assertThat((double) batch.returns()[row])
            .as("environment %d, step %d", n, t)
            .isCloseTo(expected, within(1e-5));
      }
    }
  }

  private double value(float[] observation, float[] state) {
    float[] answer = new float[1];
    module.inferValues(observation, state, 1, answer);
    return answer[0];
  }

  @Test
  void shouldKeepSequencesTogetherInAMinibatch() {
    Batch batch = Batch.of(sampled(), module, true, GAMMA, 1);
    int[] order = {9, 0, 31, 4};
    Batch minibatch = batch.gather(order, 1, 4);
    assertThat(minibatch.rows()).isEqualTo(3 * LENGTH);
    for (int i = 0; i < 3; i++) {
      int from = order[i + 1] * LENGTH;
      for (int t = 0; t < LENGTH; t++) {
        int row = i * LENGTH + t;
        assertThat(minibatch.returns()[row]).isEqualTo(batch.returns()[from + t]);
        assertThat(minibatch.actions()[row]).isEqualTo(batch.actions()[from + t]);
        assertThat(minibatch.observations()[row * 4 + 3])
            .isEqualTo(batch.observations()[(from + t) * 4 + 3]);
        assertThat(minibatch.sequences().starts()[row])
            .isEqualTo(batch.sequences().starts()[from + t]);
      }
      float[] state = Arrays.copyOfRange(
          batch.sequences().states(), order[i + 1] * stateWidth, (order[i + 1] + 1) * stateWidth);
      assertThat(minibatch.sequences().states()).containsSequence(state).hasSize(3 * stateWidth);
    }
  }

  @Test
  void shouldActWithTheStateThatItIsGiven() {
    try (Algorithm algorithm = CONFIG.build(TestEnvs.REGISTRY, () -> 0)) {
      assertThat(algorithm.stateWidth()).isEqualTo(stateWidth);
      float[] observation = {0.1f, -0.3f, 0.05f, 0.2f};
      float[] state = new float[stateWidth];
      float[] first = algorithm.computeSingleAction(observation, state);
      assertThat(algorithm.computeSingleAction(observation)).isEqualTo(first);
      assertThat(state).isNotEqualTo(new float[stateWidth]);
      float[] once = state.clone();
      algorithm.computeSingleAction(observation, state);
      assertThat(state).isNotEqualTo(once);
      assertThatThrownBy(() -> algorithm.computeSingleAction(observation, new float[3]))
          .isInstanceOfSatisfying(AgentOsException.class, e -> {
            assertThat(e.code()).isEqualTo(ErrorCode.INVALID_REQUEST);
            assertThat(e).hasMessageContaining("3 numbers, must have " + stateWidth);
          });
    }
  }
}
