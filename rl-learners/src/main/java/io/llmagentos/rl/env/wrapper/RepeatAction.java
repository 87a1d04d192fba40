package io.llmagentos.rl.env.wrapper;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.rl.env.ArrayEnv;
import io.llmagentos.rl.env.Outcome;

/** Takes every action {@code repeats} times, or until the episode ends, and adds up the rewards. */
public final class RepeatAction<O, A> extends Wrapper<O, A> {
  private final int repeats;

  public RepeatAction(ArrayEnv<O, A> env, int repeats) {
    super(env);
    if (repeats < 1) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          "RepeatAction: num_repeats is " + repeats + ", must be at least 1",
          "num_repeats");
    }
    this.repeats = repeats;
  }

  @Override
  public void step(
      float[] action,
      int actionOffset,
      float[] observation,
      int observationOffset,
      Outcome outcome) {
    double total = 0;
    int left = repeats;
    do {
      env.step(action, actionOffset, observation, observationOffset, outcome);
      total += outcome.reward;
      left--;
    } while (left > 0 && !outcome.done());
    outcome.reward = total;
  }
}
