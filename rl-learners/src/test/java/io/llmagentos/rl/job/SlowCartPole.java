package io.llmagentos.rl.job;

import io.llmagentos.rl.env.Outcome;
import io.llmagentos.rl.env.classic.CartPole;
import io.llmagentos.rl.env.registration.EnvProvider;
import io.llmagentos.rl.env.registration.EnvSpec;
import io.llmagentos.rl.env.wrapper.Wrapper;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** CartPole that takes its time until the test has done what it must do before the end. */
final class SlowCartPole extends Wrapper<float[], Integer> {
  static final String ID = "test/SlowCartPole-v1";
  static final CountDownLatch HURRY = new CountDownLatch(1);

  private SlowCartPole() {
    super(new CartPole(false));
  }

  @Override
  public void step(
      float[] action,
      int actionOffset,
      float[] observation,
      int observationOffset,
      Outcome outcome) {
    try {
      var unused = HURRY.await(10, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    super.step(action, actionOffset, observation, observationOffset, outcome);
  }

  /** Named in META-INF/services. */
  public static final class Provider implements EnvProvider {
    @Override
    public Collection<EnvSpec> environments() {
      return List.of(new EnvSpec(ID, kwargs -> new SlowCartPole()).withMaxEpisodeSteps(500));
    }
  }
}
