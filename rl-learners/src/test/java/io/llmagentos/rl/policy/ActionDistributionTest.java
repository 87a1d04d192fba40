package io.llmagentos.rl.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.llmagentos.rl.random.Generator;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ActionDistributionTest {
  private static final float STEP = 1e-3f;
  private static final MultiCategorical MULTI =
      new MultiCategorical(List.of(new Categorical(3), new Categorical(2, 5), new Categorical(4)));

  static Stream<ActionDistribution> stochastic() {
    return Stream.of(new Categorical(4), MULTI, new DiagonalGaussian(2), new SquashedGaussian(2));
  }

  private static float[] inputs(Generator random, ActionDistribution distribution) {
    float[] inputs = new float[distribution.inputWidth()];
    for (int k = 0; k < inputs.length; k++) {
      inputs[k] = (float) (0.7 * random.standardNormal());
    }
    return inputs;
  }

  @ParameterizedTest
  @MethodSource("stochastic")
  void shouldHaveTheGradientsOfFiniteDifferences(ActionDistribution distribution) {
    Generator random = Generator.of(1);
    for (int round = 0; round < 20; round++) {
      float[] inputs = inputs(random, distribution);
      float[] old = inputs(random, distribution);
      float[] action = new float[distribution.actionWidth()];
      distribution.sample(inputs, 0, random, action, 0);
      float[] gradient = new float[inputs.length];
      distribution.gradient(inputs, 0, action, 0, 0.7, -0.4, old, 0, 1.3, gradient, 0);
      for (int k = 0; k < inputs.length; k++) {
        float[] more = inputs.clone();
        float[] less = inputs.clone();
        more[k] += STEP;
        less[k] -= STEP;
        double expected =
            (total(distribution, more, action, old) - total(distribution, less, action, old))
                / ((double) more[k] - less[k]);
        assertThat((double) gradient[k])
            .isCloseTo(expected, within(2e-4 * Math.max(1, Math.abs(expected))));
      }
    }
  }

  private static double total(
      ActionDistribution distribution, float[] inputs, float[] action, float[] old) {
    return 0.7 * distribution.logProb(inputs, 0, action, 0)
        - 0.4 * distribution.entropy(inputs, 0)
        + 1.3 * distribution.kl(old, 0, inputs, 0);
  }

  /** E[-log p] is the entropy, E_old[log p_old - log p_new] the divergence; both by many samples. */
  @ParameterizedTest
  @MethodSource("stochastic")
  void shouldSampleWhatItsProbabilitiesSay(ActionDistribution distribution) {
    Generator random = Generator.of(2);
    float[] inputs = inputs(random, distribution);
    float[] other = inputs.clone();
    for (int k = 0; k < other.length; k++) {
      other[k] += 0.2f;
      inputs[k] -= k * 0.1f;
    }
    float[] action = new float[distribution.actionWidth()];
    double entropy = 0;
    double kl = 0;
    int count = 200_000;
    for (int i = 0; i < count; i++) {
      distribution.sample(inputs, 0, random, action, 0);
      double logProb = distribution.logProb(inputs, 0, action, 0);
      entropy -= logProb;
      kl += logProb - distribution.logProb(other, 0, action, 0);
    }
    assertThat(entropy / count).isCloseTo(distribution.entropy(inputs, 0), within(0.01));
    assertThat(kl / count).isCloseTo(distribution.kl(inputs, 0, other, 0), within(0.01));
  }

  @Test
  void shouldNeverTakeAMaskedAction() {
    Categorical distribution = new Categorical(4, 10);
    Generator random = Generator.of(3);
    float[] inputs = {5, 0, 0, 1};
    distribution.mask(new boolean[] {false, true, true, false}, 0, inputs, 0);
    float[] action = new float[1];
    float[] emitted = new float[1];
    int[] taken = new int[4];
    for (int i = 0; i < 2000; i++) {
      distribution.sample(inputs, 0, random, action, 0);
      distribution.emit(action, 0, emitted, 0);
      assertThat(emitted[0]).isEqualTo(action[0] + 10);
      taken[(int) action[0]]++;
    }
    assertThat(taken[0]).isZero();
    assertThat(taken[3]).isZero();
    assertThat(taken[1]).isBetween(900, 1100);
    assertThat(distribution.entropy(inputs, 0)).isCloseTo(Math.log(2), within(1e-9));
    float[] fresh = {1, 2, 3, 4};
    distribution.mask(inputs, 0, fresh, 0);
    assertThat(fresh).containsExactly(Float.NEGATIVE_INFINITY, 2, 3, Float.NEGATIVE_INFINITY);
    float[] gradient = new float[4];
    action[0] = 1;
    distribution.gradient(fresh, 0, action, 0, 1, 1, inputs, 0, 1, gradient, 0);
    assertThat(gradient[0]).isZero();
    assertThat(gradient[3]).isZero();
    assertThat(gradient[1]).isNotZero().isFinite();
    assertThat(distribution.kl(inputs, 0, fresh, 0)).isPositive().isFinite();
  }

  /** One number out of 3 * 2 * 4, whose logits are the sums of the parts'. */
  @Test
  void shouldBeTheProductOfItsCategoricals() {
    Generator random = Generator.of(6);
    Categorical product = new Categorical(24);
    for (int round = 0; round < 20; round++) {
      float[] inputs = inputs(random, MULTI);
      float[] old = inputs(random, MULTI);
      float[] joint = joint(inputs);
      float[] oldJoint = joint(old);
      assertThat(MULTI.entropy(inputs, 0)).isCloseTo(product.entropy(joint, 0), within(1e-6));
      assertThat(MULTI.kl(old, 0, inputs, 0))
          .isCloseTo(product.kl(oldJoint, 0, joint, 0), within(1e-6));
      double mass = 0;
      for (int k = 0; k < 24; k++) {
        double logProb = MULTI.logProb(inputs, 0, new float[] {k >> 3, k >> 2 & 1, k & 3}, 0);
        assertThat(logProb).isCloseTo(product.logProb(joint, 0, new float[] {k}, 0), within(1e-6));
        mass += Math.exp(logProb);
      }
      assertThat(mass).isCloseTo(1, within(1e-6));
      float[] best = new float[3];
      float[] bestOfJoint = new float[1];
      MULTI.mode(inputs, 0, best, 0);
      product.mode(joint, 0, bestOfJoint, 0);
      assertThat(best[0] * 8 + best[1] * 4 + best[2]).isEqualTo(bestOfJoint[0]);
    }
  }

  private static float[] joint(float[] inputs) {
    float[] joint = new float[24];
    for (int k = 0; k < joint.length; k++) {
      joint[k] = inputs[k / 8] + inputs[3 + k / 4 % 2] + inputs[5 + k % 4];
    }
    return joint;
  }

  @Test
  void shouldMaskEachNumberOfSeveral() {
    Generator random = Generator.of(7);
    float[] inputs = new float[9];
    boolean[] allowed = {false, true, true, true, false, true, true, true, false};
    MULTI.mask(allowed, 0, inputs, 0);
    assertThat(MULTI.entropy(inputs, 0)).isCloseTo(Math.log(2) + Math.log(3), within(1e-9));
    float[] action = new float[3];
    float[] emitted = new float[3];
    for (int i = 0; i < 500; i++) {
      MULTI.sample(inputs, 0, random, action, 0);
      MULTI.emit(action, 0, emitted, 0);
      assertThat(emitted[0]).isIn(1f, 2f);
      assertThat(emitted[1]).as("starts at 5").isEqualTo(5);
      assertThat(emitted[2]).isIn(0f, 1f, 2f);
    }
    float[] fresh = new float[9];
    Arrays.fill(fresh, 1);
    MULTI.mask(inputs, 0, fresh, 0);
    for (int k = 0; k < fresh.length; k++) {
      assertThat(fresh[k]).isEqualTo(allowed[k] ? 1 : Float.NEGATIVE_INFINITY);
    }
  }

  @Test
  void shouldIntegrateTheSquashedDensityToOne() {
    SquashedGaussian distribution = new SquashedGaussian(1);
    float[] inputs = {0.3f, -0.2f};
    double mass = 0;
    int cells = 20_000;
    for (int i = 0; i < cells; i++) {
      double a = -1 + (i + 0.5) * 2 / cells;
      float u = (float) (0.5 * Math.log((1 + a) / (1 - a)));
      mass += Math.exp(distribution.logProb(inputs, 0, new float[] {u}, 0)) * 2 / cells;
    }
    assertThat(mass).isCloseTo(1, within(1e-3));
    float[] emitted = new float[1];
    distribution.emit(new float[] {20}, 0, emitted, 0);
    assertThat(emitted[0]).isEqualTo(1);
    assertThat(distribution.logProb(inputs, 0, new float[] {20}, 0)).isFinite();
  }

  @Test
  void shouldAddNoiseWithinTheRange() {
    Generator random = Generator.of(4);
    double sum = 0;
    double squares = 0;
    int count = 50_000;
    for (int i = 0; i < count; i++) {
      float[] action = {0, 0.95f};
      new ActionNoise.Gaussian(0.1).add(random, new float[2], action, 0, 2);
      sum += action[0];
      squares += action[0] * action[0];
      assertThat(action[1]).isLessThanOrEqualTo(1);
    }
    assertThat(sum / count).isCloseTo(0, within(0.003));
    assertThat(Math.sqrt(squares / count)).isCloseTo(0.1, within(0.003));
  }

  @Test
  void shouldGoBackToZeroAsOrnsteinAndUhlenbeckSay() {
    Generator random = Generator.of(5);
    float[] state = {1};
    ActionNoise quiet = new ActionNoise.OrnsteinUhlenbeck(0, 10);
    quiet.add(random, state, new float[1], 0, 1);
    assertThat(state[0]).isEqualTo(0.9f);
    ActionNoise noise = new ActionNoise.OrnsteinUhlenbeck(0.2, 10);
    double squares = 0;
    double products = 0;
    int count = 200_000;
    for (int i = 0; i < count; i++) {
      float before = state[0];
      noise.add(random, state, new float[1], 0, 1);
      squares += before * before;
      products += before * state[0];
    }
    assertThat(products / squares).isCloseTo(0.9, within(0.01));
    // stationary variance of x' = 0.9 x + 0.02 N
    assertThat(squares / count).isCloseTo(0.0004 / (1 - 0.81), within(2e-4));
  }
}
