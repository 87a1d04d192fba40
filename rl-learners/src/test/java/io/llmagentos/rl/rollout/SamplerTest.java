package io.llmagentos.rl.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.llmagentos.rl.env.AutoresetMode;
import io.llmagentos.rl.env.VectorEnv;
import io.llmagentos.rl.env.classic.CartPole;
import io.llmagentos.rl.env.wrapper.TimeLimit;
import io.llmagentos.rl.policy.Activation;
import io.llmagentos.rl.policy.Categorical;
import io.llmagentos.rl.policy.ConvEncoder;
import io.llmagentos.rl.policy.Initializer;
import io.llmagentos.rl.policy.Mlp;
import io.llmagentos.rl.policy.Network;
import io.llmagentos.rl.policy.Policy;
import io.llmagentos.rl.policy.TorchNetwork;
import io.llmagentos.rl.random.Generator;
import io.llmagentos.rl.rollout.Sampler.Behaviour;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SamplerTest {
  private static final int LIMIT = 12;

  private static Policy policy(int cells) {
    int[] hidden = {16};
    List<Mlp.Head> heads = List.of(new Mlp.Head("pi", 2, 1));
    Network network = cells == 0
        ? new Mlp(4, hidden, Activation.TANH, Initializer.FAN_IN, heads)
        : new TorchNetwork(
            4, ConvEncoder.NONE, hidden, Activation.TANH, cells, Initializer.FAN_IN, heads);
    return new Policy(network, new Categorical(2), false);
  }

  private static Sampler sampler(int count, int first) {
    return sampler(count, first, 0, 1);
  }

  private static Sampler sampler(int count, int first, int cells, int sequenceLength) {
    List<TimeLimit<float[], Integer>> envs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      envs.add(new TimeLimit<>(new CartPole(false), LIMIT));
    }
    VectorEnv env = new VectorEnv(envs, AutoresetMode.SAME_STEP);
    Policy policy = policy(cells);
    Sampler sampler = new Sampler(
        env,
        policy,
        new NormalizeAndClipActions(policy.distribution(), env.actionSpace(), true, true),
        Optional.empty(),
        sequenceLength,
        first,
        3,
        Seeds.ENVIRONMENT,
        Seeds.ACTIONS);
    float[] parameters = new float[policy.parameterCount()];
    policy.initialise(Generator.of(1), parameters, 0);
    sampler.load(parameters);
    return sampler;
  }

  private static void same(Fragment actual, Fragment expected) {
    assertThat(actual).usingRecursiveComparison().isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3})
  void shouldSampleTheSameWhereverAnEnvironmentSits(int cells) {
    try (Sampler all = sampler(8, 0, cells, 5);
        Sampler left = sampler(4, 0, cells, 5);
        Sampler right = sampler(4, 4, cells, 5)) {
      for (int round = 0; round < 3; round++) {
        Fragment whole = all.sample(20, Behaviour.EXPLORE);
        same(left.sample(20, Behaviour.EXPLORE), whole.slice(0, 4));
        same(right.sample(20, Behaviour.EXPLORE), whole.slice(4, 8));
        assertThat(whole.episodes()).isNotEmpty();
        assertThat(whole.finalRows()).isNotEmpty();
        assertThat(whole.states()).hasSize(8 * 4 * 2 * cells);
      }
    }
  }

  @Test
  void shouldTellTerminationFromTruncation() {
    try (Sampler sampler = sampler(6, 0)) {
      Fragment fragment = sampler.sample(60, Behaviour.EXPLORE);
      int truncated = 0;
      int terminated = 0;
      float[] next = new float[4];
      for (int row = 0; row < fragment.rows(); row++) {
        fragment.nextObservation(row, next, 0);
        boolean fallen = Math.abs(next[2]) > 12 * Math.PI / 180 || Math.abs(next[0]) > 2.4;
        if (fragment.terminated()[row]) {
          terminated++;
          assertThat(next).containsOnly(0);
        } else {
          assertThat(fallen).isFalse();
          // one step of Euler: position moves by 0.02 times velocity
          float position = fragment.observations()[row * 4];
          float velocity = fragment.observations()[row * 4 + 1];
          assertThat(next[0]).isCloseTo(position + 0.02f * velocity, within(1e-6f));
          truncated += fragment.truncated()[row] ? 1 : 0;
        }
      }
      assertThat(truncated).isEqualTo(fragment.finalRows().length).isPositive();
      assertThat(terminated).isPositive();
      assertThat(fragment.episodes()).hasSize(truncated + terminated);
      assertThat(fragment.episodes())
          .allSatisfy(episode -> assertThat(episode.totalReward()).isEqualTo(episode.length()));
    }
  }

  /** The states of sequences of one row are those of every step. */
  @Test
  void shouldRememberToTheEndOfAnEpisode() {
    int cells = 3;
    try (Sampler sampler = sampler(3, 0, cells, 1)) {
      for (boolean began : new boolean[] {true, false}) {
        Fragment fragment = sampler.sample(LIMIT + 5, Behaviour.EXPLORE);
        int starts = 0;
        for (int row = 0; row < fragment.rows(); row++) {
          float[] state =
              Arrays.copyOfRange(fragment.states(), row * 2 * cells, (row + 1) * 2 * cells);
          boolean first = row % fragment.steps() == 0 ? began : fragment.starts(row);
          assertThat(Arrays.equals(state, new float[2 * cells])).isEqualTo(first);
          starts += fragment.starts(row) ? 1 : 0;
        }
        assertThat(starts).isPositive();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3})
  void shouldGoOnFromItsSnapshotInOtherCompany(int cells) {
    try (Sampler all = sampler(4, 0, cells, 5);
        Sampler left = sampler(1, 0, cells, 5);
        Sampler right = sampler(3, 1, cells, 5)) {
      all.sample(17, Behaviour.EXPLORE);
      List<byte[]> parts = all.snapshot().orElseThrow();
      Fragment whole = all.sample(30, Behaviour.EXPLORE);
      left.sample(5, Behaviour.GREEDY);
      left.restore(parts.subList(0, 1));
      right.restore(parts.subList(1, 4));
      same(left.sample(30, Behaviour.EXPLORE), whole.slice(0, 1));
      same(right.sample(30, Behaviour.EXPLORE), whole.slice(1, 4));
    }
  }

  @Test
  void shouldGiveEveryStreamASeedOfItsOwn() {
    List<Long> seeds = new ArrayList<>();
    for (Seeds stream : Seeds.values()) {
      for (int seed = 0; seed < 20; seed++) {
        for (int index = 0; index < 20; index++) {
          seeds.add(stream.of(seed, index));
        }
      }
    }
    assertThat(seeds).doesNotHaveDuplicates();
  }
}
