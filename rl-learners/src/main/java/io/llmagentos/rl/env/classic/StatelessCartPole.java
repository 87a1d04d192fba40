package io.llmagentos.rl.env.classic;

import io.llmagentos.rl.env.Outcome;
import io.llmagentos.rl.env.wrapper.Wrapper;
import io.llmagentos.rl.space.Box;
import java.util.Map;

/** RLlib's environment of this name: a {@link CartPole} that shows position and angle, but no velocities, which a policy must work out from what it remembers. */
public final class StatelessCartPole extends Wrapper<float[], Integer> {
  private static final int POSITION = 0;
  private static final int ANGLE = 2;

  private final float[] whole = new float[4];

  public StatelessCartPole(boolean suttonBartoReward) {
    this(new CartPole(suttonBartoReward));
  }

  private StatelessCartPole(CartPole env) {
    super(env, space(env.observationSpace()), env.actionSpace());
  }

  private static Box space(Box whole) {
    return Box.of(
        new float[] {whole.low(POSITION), whole.low(ANGLE)},
        new float[] {whole.high(POSITION), whole.high(ANGLE)});
  }

  @Override
  public Map<String, Object> reset(float[] observation, int offset) {
    Map<String, Object> info = env.reset(whole, 0);
    show(observation, offset);
    return info;
  }

  @Override
  public Map<String, Object> reset(long seed, float[] observation, int offset) {
    Map<String, Object> info = env.reset(seed, whole, 0);
    show(observation, offset);
    return info;
  }

  @Override
  public void step(
      float[] action,
      int actionOffset,
      float[] observation,
      int observationOffset,
      Outcome outcome) {
    env.step(action, actionOffset, whole, 0, outcome);
    show(observation, observationOffset);
  }

  private void show(float[] observation, int offset) {
    observation[offset] = whole[POSITION];
    observation[offset + 1] = whole[ANGLE];
  }
}
