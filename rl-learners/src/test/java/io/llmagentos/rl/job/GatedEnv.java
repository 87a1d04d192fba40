package io.llmagentos.rl.job;

import io.llmagentos.rl.env.Env;
import io.llmagentos.rl.env.Reset;
import io.llmagentos.rl.env.Step;
import io.llmagentos.rl.env.registration.EnvProvider;
import io.llmagentos.rl.env.registration.EnvSpec;
import io.llmagentos.rl.space.Box;
import io.llmagentos.rl.space.Discrete;
import io.llmagentos.rl.space.Space;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** Hangs in its steps until the test opens the gate. */
final class GatedEnv implements Env<float[], Integer> {
  static final String ID = "test/Gated-v0";
  static final CountDownLatch GATE = new CountDownLatch(1);
  static final AtomicInteger WAITING = new AtomicInteger();

  @Override
  public Space<float[]> observationSpace() {
    return Box.of(0, 1, 1);
  }

  @Override
  public Space<Integer> actionSpace() {
    return new Discrete(2);
  }

  @Override
  public Reset<float[]> reset(long seed) {
    return reset();
  }

  @Override
  public Reset<float[]> reset() {
    return new Reset<>(new float[] {0}, Map.of());
  }

  @Override
  public Step<float[]> step(Integer action) {
    WAITING.incrementAndGet();
    try {
      GATE.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    } finally {
      WAITING.decrementAndGet();
    }
    return new Step<>(new float[] {1}, 1, false, false, Map.of());
  }

  /** Named in META-INF/services. */
  public static final class Provider implements EnvProvider {
    @Override
    public Collection<EnvSpec> environments() {
      return List.of(new EnvSpec(ID, kwargs -> new GatedEnv()));
    }
  }
}
