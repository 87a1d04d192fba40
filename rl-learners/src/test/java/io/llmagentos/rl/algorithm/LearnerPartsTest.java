package io.llmagentos.rl.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.rl.algorithm.AlgorithmConfig.GradClipBy;
import io.llmagentos.rl.algorithm.ReplayBuffer.Transitions;
import io.llmagentos.rl.policy.Activation;
import io.llmagentos.rl.policy.ActorCritic;
import io.llmagentos.rl.policy.Categorical;
import io.llmagentos.rl.policy.DiagonalGaussian;
import io.llmagentos.rl.policy.Initializer;
import io.llmagentos.rl.policy.Mlp;
import io.llmagentos.rl.policy.Policy;
import io.llmagentos.rl.policy.Segment;
import io.llmagentos.rl.policy.Sequences;
import io.llmagentos.rl.random.Generator;
import io.llmagentos.rl.rollout.Fragment;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LearnerPartsTest {
  private static final double INF = Double.POSITIVE_INFINITY;

  private static ActorCritic linearValue() {
    Mlp actor = new Mlp(
        1, new int[0], Activation.TANH, Initializer.FAN_IN, List.of(new Mlp.Head("pi", 2, 1)));
    Mlp critic = new Mlp(
        1, new int[0], Activation.TANH, Initializer.FAN_IN, List.of(new Mlp.Head("vf", 1, 1)));
    ActorCritic module = new ActorCritic(new Policy(actor, new Categorical(2), false), critic);
    float[] parameters = new float[module.parameterCount()];
    parameters[actor.parameterCount()] = 1; // V(s) = s
    module.load(parameters);
    return module;
  }

  /** V(s) = s. The first environment is truncated after its second step at 50, the second one terminates there. */
  @Test
  void shouldBootstrapAtTruncationAndNotAtTermination() {
    Fragment fragment = new Fragment(
        0,
        2,
        3,
        1,
        new float[] {1, 2, 7, 1, 2, 7},
        new float[6],
        new float[12],
        new float[0],
        new float[] {1, 1, 1, 1, 1, 1},
        new boolean[] {false, false, false, false, true, false},
        new boolean[] {false, true, false, false, false, false},
        new float[] {8, 8},
        new int[] {1},
        new float[] {50},
        List.of());
    Batch batch = Batch.of(List.of(fragment), linearValue(), true, 0.5, 1);
    // backwards: 1 + 0.5 * 8 = 5; cut: 1 + 0.5 * 50 = 26; 1 + 0.5 * 26 = 14
    assertThat(batch.returns()).containsExactly(14, 26, 5, 1.5f, 1, 5);
    assertThat(batch.advantages()).containsExactly(13, 24, -2, 0.5f, -1, -2);
    assertThat(batch.oldLogProbs()[0]).isCloseTo((float) Math.log(0.5), within(1e-6f));
    Batch none = Batch.of(List.of(fragment), linearValue(), false, 0.5, 1);
    assertThat(none.returns()).containsExactly(1.5f, 1, 1, 1.5f, 1, 1);
  }

  @Test
  void shouldNormalizeAdvantages() {
    Batch batch = new Batch(
        4,
        Sequences.NONE,
        new float[4],
        new float[4],
        new float[8],
        new float[4],
        new float[] {1, 2, 3, 6},
        new float[4],
        new float[4]);
    float[] normalized = batch.withNormalizedAdvantages().advantages();
    double mean = 0;
    double squares = 0;
    for (float advantage : normalized) {
      mean += advantage / 4;
      squares += advantage * advantage;
    }
    assertThat(mean).isCloseTo(0, within(1e-6));
    assertThat(squares / 3).isCloseTo(1, within(1e-6));
  }

  /** Half of an environment's rows outside the clipping range on either side, with every term of the loss. */
  @ParameterizedTest
  @CsvSource({"Infinity, Infinity", "0.3, Infinity", "Infinity, 0.5"})
  void shouldHaveThePpoGradientOfFiniteDifferences(double vfClipParam, double clipRangeVf) {
    int rows = 24;
    Generator random = Generator.of(4);
    DiagonalGaussian distribution = new DiagonalGaussian(2);
    Batch batch = new Batch(
        rows,
        Sequences.NONE,
        new float[rows],
        new float[rows * 2],
        new float[rows * 4],
        new float[rows],
        new float[rows],
        new float[rows],
        new float[rows]);
    float[] inputs = new float[rows * 4];
    float[] values = new float[rows];
    for (int i = 0; i < rows; i++) {
      for (int k = 0; k < 4; k++) {
        batch.oldInputs()[i * 4 + k] = (float) (0.3 * random.standardNormal());
        inputs[i * 4 + k] = batch.oldInputs()[i * 4 + k] + (float) (0.2 * random.standardNormal());
      }
      distribution.sample(batch.oldInputs(), i * 4, random, batch.actions(), i * 2);
      batch.oldLogProbs()[i] =
          (float) distribution.logProb(batch.oldInputs(), i * 4, batch.actions(), i * 2);
      batch.advantages()[i] = (float) random.standardNormal();
      batch.returns()[i] = (float) random.standardNormal();
      batch.oldValues()[i] = (float) random.standardNormal();
      values[i] = batch.oldValues()[i] + (float) (0.7 * random.standardNormal());
    }
    PPOLoss loss = new PPOLoss(distribution, 0.1, 0.7, vfClipParam, clipRangeVf, 0.05, 0.4);
    float[] inputGradients = new float[inputs.length];
    float[] valueGradients = new float[rows];
    double[] statistics = loss.gradient(batch, inputs, values, inputGradients, valueGradients);
    assertThat(statistics[Statistic.CLIP_FRACTION.index()]).isBetween(0.2, 0.95);
    for (int i = 0; i < inputs.length; i++) {
      assertThat((double) inputGradients[i])
          .isCloseTo(slope(loss, batch, inputs, values, inputs, i), within(3e-4));
    }
    for (int i = 0; i < rows; i++) {
      assertThat((double) valueGradients[i])
          .isCloseTo(slope(loss, batch, inputs, values, values, i), within(3e-4));
    }
  }

  private static double slope(
      PPOLoss loss, Batch batch, float[] inputs, float[] values, float[] varied, int i) {
    float middle = varied[i];
    float[] points = {middle + 1e-3f, middle - 1e-3f};
    double[] totals = new double[2];
    for (int side = 0; side < 2; side++) {
      varied[i] = points[side];
      totals[side] = loss.gradient(
              batch, inputs, values, new float[inputs.length], new float[values.length])[
          Statistic.TOTAL_LOSS.index()];
    }
    varied[i] = middle;
    return (totals[0] - totals[1]) / ((double) points[0] - points[1]);
  }

  @Test
  void shouldBackpropagateThroughSharedLayers() {
    Mlp shared = new Mlp(
        3,
        new int[] {7},
        Activation.TANH,
        Initializer.FAN_IN,
        List.of(new Mlp.Head("pi", 2, 1), new Mlp.Head("vf", 1, 1)));
    @Nullable Mlp noCritic = null;
    ActorCritic module =
        new ActorCritic(new Policy(shared, new DiagonalGaussian(2), true), noCritic);
    assertThat(module.segments().stream().map(Segment::name))
        .containsExactly(
            "encoder.0.weight",
            "encoder.0.bias",
            "pi.weight",
            "vf.weight",
            "pi.bias",
            "vf.bias",
            "log_std");
    float[] parameters = module.initialParameters(Generator.of(1));
    float[] observations = {1, -1, 0.5f, 0.2f, 0.3f, -0.7f};
    float[] inputSlopes = {1, 2, 3, 4, -1, 0.5f, 0.1f, -2};
    float[] valueSlopes = {2, -3};
    float[] gradients = new float[parameters.length];
    module.load(parameters);
    module.forward(observations, Sequences.NONE, 2, new float[8], new float[2]);
    module.backward(inputSlopes, valueSlopes, 2, gradients);
    for (int i = 0; i < parameters.length; i++) {
      double[] totals = new double[2];
      for (int side = 0; side < 2; side++) {
        float[] moved = parameters.clone();
        moved[i] += side == 0 ? 1e-2f : -1e-2f;
        module.load(moved);
        float[] inputs = new float[8];
        float[] values = new float[2];
        module.forward(observations, Sequences.NONE, 2, inputs, values);
        for (int k = 0; k < 8; k++) {
          totals[side] += inputs[k] * inputSlopes[k];
        }
        totals[side] += values[0] * valueSlopes[0] + values[1] * valueSlopes[1];
      }
      assertThat((double) gradients[i])
          .as("parameter %d", i)
          .isCloseTo((totals[0] - totals[1]) / 2e-2, within(2e-3));
    }
  }

  @Test
  void shouldClipGradients() {
    List<Segment> segments =
        List.of(new Segment("a", new int[] {2}, 0), new Segment("b", new int[] {1}, 2));
    float[] all = {3, 4, 12};
    assertThat(new GradientClip(6.5, GradClipBy.GLOBAL_NORM).apply(all, 0, 3, segments))
        .isEqualTo(13);
    assertThat(all).containsExactly(new float[] {1.5f, 2, 6}, within(1e-5f));
    float[] each = {3, 4, 12};
    new GradientClip(5, GradClipBy.NORM).apply(each, 0, 3, segments);
    assertThat(each).containsExactly(new float[] {3, 4, 5}, within(1e-5f));
    float[] numbers = {3, 4, -12};
    new GradientClip(3.5, GradClipBy.VALUE).apply(numbers, 0, 3, segments);
    assertThat(numbers).containsExactly(3, 3.5f, -3.5f);
    float[] free = {3, 4, 12};
    new GradientClip(INF, GradClipBy.GLOBAL_NORM).apply(free, 0, 3, segments);
    assertThat(free).containsExactly(3, 4, 12);
    assertThatThrownBy(() ->
            new GradientClip(1, GradClipBy.VALUE).apply(new float[] {Float.NaN}, 0, 1, segments))
        .isInstanceOf(AgentOsException.class);
  }

  @Test
  void shouldForgetTheOldestTransition() {
    ReplayBuffer buffer = new ReplayBuffer(3, 1, 1);
    for (int i = 0; i < 5; i++) {
      buffer.add(new float[] {9, i}, 1, new float[] {-i}, 10 * i, new float[] {i + 1}, i == 4);
    }
    assertThat(buffer.size()).isEqualTo(3);
    Transitions drawn = new Transitions(3000, 1, 1);
    buffer.sample(Generator.of(1), drawn);
    int[] counts = new int[5];
    for (int k = 0; k < 3000; k++) {
      int i = (int) drawn.observations()[k];
      counts[i]++;
      assertThat(drawn.actions()[k]).isEqualTo(-i);
      assertThat(drawn.rewards()[k]).isEqualTo(10 * i);
      assertThat(drawn.nextObservations()[k]).isEqualTo(i + 1);
      assertThat(drawn.terminated()[k]).isEqualTo(i == 4);
    }
    assertThat(counts[0] + counts[1]).isZero();
    assertThat(counts[2]).isBetween(900, 1100);
    assertThat(counts[3]).isBetween(900, 1100);
  }
}
