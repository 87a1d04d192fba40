package io.llmagentos.rl.algorithm;

import io.llmagentos.rl.env.Env;
import io.llmagentos.rl.env.Reset;
import io.llmagentos.rl.env.Snapshot;
import io.llmagentos.rl.env.Step;
import io.llmagentos.rl.env.classic.CartPole;
import io.llmagentos.rl.env.registration.EnvRegistry;
import io.llmagentos.rl.env.registration.EnvSpec;
import io.llmagentos.rl.random.Generator;
import io.llmagentos.rl.space.Box;
import io.llmagentos.rl.space.Discrete;
import io.llmagentos.rl.space.MultiBinary;
import io.llmagentos.rl.space.MultiDiscrete;
import io.llmagentos.rl.space.Space;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/** Small environments whose answers are known. */
final class TestEnvs {
  private static final int[] NUMBERS = {3, 2, 4};
  private static final int[] STARTS = {0, 5, 0};

  static final EnvRegistry REGISTRY = new EnvRegistry(List.of(
      new EnvSpec("CartPole-v1", kwargs -> new CartPole(kwargs.flag("sutton_barto_reward", false)))
          .withMaxEpisodeSteps(500),
      new EnvSpec("Follow-v0", kwargs -> new Follow(kwargs.number("offset", 1)))
          .withMaxEpisodeSteps(20),
      new EnvSpec("Follow-v1", kwargs -> new Follow(0.25)).withMaxEpisodeSteps(20),
      new EnvSpec("Look-v0", kwargs -> new Look<>(new Discrete(4), action -> action))
          .withMaxEpisodeSteps(20),
      new EnvSpec("Look-v1", kwargs -> new Look<>(Box.of(0, 3, 1), action -> action[0]))
          .withMaxEpisodeSteps(20),
      new EnvSpec("Copy-v0", kwargs -> new Copy<>(new MultiDiscrete(NUMBERS, STARTS)))
          .withMaxEpisodeSteps(10),
      new EnvSpec("Copy-v1", kwargs -> new Copy<>(new MultiBinary(4))).withMaxEpisodeSteps(10),
      new EnvSpec("Allowed-v0", kwargs -> new Allowed()).withMaxEpisodeSteps(10)));

  private TestEnvs() {}

  /** A target in [-1, 1] wanders; the action in [-2, 4] should be an offset and 3 times it. Reward: minus the squared distance. */
  static final class Follow implements Env<float[], float[]> {
    private final double offset;
    private Generator random = Generator.of(0);
    private float target;

    Follow(double offset) {
      this.offset = offset;
    }

    @Override
    public Space<float[]> observationSpace() {
      return Box.of(-1, 1, 1);
    }

    @Override
    public Space<float[]> actionSpace() {
      return Box.of(-2, 4, 1);
    }

    @Override
    public Reset<float[]> reset() {
      target = (float) random.uniform(-1, 1);
      return new Reset<>(new float[] {target}, Map.of());
    }

    @Override
    public Reset<float[]> reset(long seed) {
      random = Generator.of(seed);
      return reset();
    }

    @Override
    public Step<float[]> step(float[] action) {
      double miss = action[0] - (offset + 3 * target);
      target = (float) random.uniform(-1, 1);
      return new Step<>(new float[] {target}, -miss * miss, false, false, Map.of());
    }

    @Override
    public Optional<byte[]> snapshot() {
      return Optional.of(Snapshot.of(out -> {
        random.write(out);
        out.writeFloat(target);
      }));
    }

    @Override
    public void restore(byte[] snapshot) {
      Snapshot.read(snapshot, in -> {
        random.read(in);
        target = in.readFloat();
      });
    }
  }

  /**
   * A picture of 8 times 8 dim pixels with a bright square of 2 times 2 anywhere; the action should say the quarter that its middle is in. Reward: minus the
   * distance between the two numbers, at most 1.
   */
  static final class Look<A> implements Env<float[], A> {
    private static final int SIDE = 8;
    private final Space<A> actions;
    private final ToDoubleFunction<A> number;
    private Generator random = Generator.of(0);
    private int row;
    private int column;

    Look(Space<A> actions, ToDoubleFunction<A> number) {
      this.actions = actions;
      this.number = number;
    }

    @Override
    public Space<float[]> observationSpace() {
      return Box.of(0, 1, SIDE, SIDE, 1);
    }

    @Override
    public Space<A> actionSpace() {
      return actions;
    }

    private float[] picture() {
      row = (int) random.integers(SIDE - 1);
      column = (int) random.integers(SIDE - 1);
      float[] picture = new float[SIDE * SIDE];
      for (int i = 0; i < picture.length; i++) {
        boolean bright = (i / SIDE - row) >> 1 == 0 && (i % SIDE - column) >> 1 == 0;
        picture[i] = bright ? 1 : (float) random.uniform(0, 0.3);
      }
      return picture;
    }

    @Override
    public Reset<float[]> reset() {
      return new Reset<>(picture(), Map.of());
    }

    @Override
    public Reset<float[]> reset(long seed) {
      random = Generator.of(seed);
      return reset();
    }

    @Override
    public Step<float[]> step(A action) {
      int quarter = (row < SIDE / 2 ? 0 : 2) + (column < SIDE / 2 ? 0 : 1);
      double miss = Math.min(1, Math.abs(number.applyAsDouble(action) - quarter));
      return new Step<>(picture(), -miss, false, false, Map.of());
    }
  }

  /**
   * Shows an action, flat, which should be taken. Reward: how many of its numbers were. In a MultiDiscrete the number behind the first one is forbidden: taking it
   * is an error.
   */
  static final class Copy<A> implements Env<float[], A> {
    private final Space<A> actions;
    private final float[] wanted;
    private Generator random = Generator.of(0);

    Copy(Space<A> actions) {
      this.actions = actions;
      this.wanted = new float[actions.width()];
    }

    @Override
    public Space<float[]> observationSpace() {
      return Box.of(0, 1, actions.flatdim());
    }

    @Override
    public Space<A> actionSpace() {
      return actions;
    }

    private float[] draw() {
      A action = actions.sample(random);
      actions.encode(action, wanted, 0);
      return actions.flatten(action);
    }

    @Override
    public Reset<float[]> reset() {
      return new Reset<>(draw(), Map.of());
    }

    @Override
    public Reset<float[]> reset(long seed) {
      random = Generator.of(seed);
      return reset();
    }

    @Override
    public Step<float[]> step(A action) {
      float[] taken = new float[wanted.length];
      actions.encode(action, taken, 0);
      if (actionMaskWidth() > 0 && taken[0] == forbidden()) {
        throw new IllegalStateException("the forbidden number " + taken[0]);
      }
      int right = 0;
      for (int i = 0; i < taken.length; i++) {
        right += taken[i] == wanted[i] ? 1 : 0;
      }
      return new Step<>(draw(), right, false, false, Map.of());
    }

    private int forbidden() {
      return ((int) wanted[0] + 1) % NUMBERS[0];
    }

    @Override
    public int actionMaskWidth() {
      return actions instanceof MultiDiscrete ? actions.flatdim() : 0;
    }

    @Override
    public void actionMask(boolean[] mask, int offset) {
      Arrays.fill(mask, offset, offset + actionMaskWidth(), true);
      mask[offset + forbidden()] = false;
    }
  }

  /** Three actions of which one, told by the observation, is forbidden: taking it is an error. Reward: the action's number. */
  static final class Allowed implements Env<float[], Integer> {
    private Generator random = Generator.of(0);
    private int forbidden;

    @Override
    public Space<float[]> observationSpace() {
      return Box.of(0, 2, 1);
    }

    @Override
    public Space<Integer> actionSpace() {
      return new Discrete(3);
    }

    @Override
    public Reset<float[]> reset() {
      forbidden = (int) random.integers(3);
      return new Reset<>(new float[] {forbidden}, Map.of());
    }

    @Override
    public Reset<float[]> reset(long seed) {
      random = Generator.of(seed);
      return reset();
    }

    @Override
    public Step<float[]> step(Integer action) {
      if (action == forbidden) {
        throw new IllegalStateException("the forbidden action " + action);
      }
      reset();
      return new Step<>(new float[] {forbidden}, action, false, false, Map.of());
    }

    @Override
    public int actionMaskWidth() {
      return 3;
    }

    @Override
    public void actionMask(boolean[] mask, int offset) {
      for (int k = 0; k < 3; k++) {
        mask[offset + k] = k != forbidden;
      }
    }
  }
}
