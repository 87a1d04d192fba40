package io.llmagentos.rl.job;

import io.llmagentos.rl.env.Env;
import io.llmagentos.rl.env.Reset;
import io.llmagentos.rl.env.Step;
import io.llmagentos.rl.env.registration.EnvProvider;
import io.llmagentos.rl.env.registration.EnvSpec;
import io.llmagentos.rl.space.Box;
import io.llmagentos.rl.space.Discrete;
import io.llmagentos.rl.space.Space;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** Counts its steps in [0, 1000], and breaks at the fiftieth in one way. */
final class FaultyEnv implements Env<float[], Integer> {
  enum Fault {
    NAN_REWARD("faulty/NanReward-v0"),
    INFINITE_REWARD("faulty/InfiniteReward-v0"),
    NAN_OBSERVATION("faulty/NanObservation-v0"),
    OUTSIDE("faulty/Outside-v0"),
    WRONG_WIDTH("faulty/WrongWidth-v0"),
    THROWS_AT_STEP("faulty/ThrowsAtStep-v0"),
    THROWS_AT_RESET("faulty/ThrowsAtReset-v0"),
    CANNOT_BE_MADE("faulty/CannotBeMade-v0");

    final String id;

    Fault(String id) {
      this.id = id;
    }
  }

  private static final int AT = 50;

  private final Fault fault;
  private int steps;

  FaultyEnv(Fault fault) {
    this.fault = fault;
    if (fault == Fault.CANNOT_BE_MADE) {
      throw new IllegalStateException("no licence");
    }
  }

  @Override
  public Space<float[]> observationSpace() {
    return Box.of(0, 1000, 1);
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
    if (fault == Fault.THROWS_AT_RESET) {
      throw new IllegalStateException("the rocket is not fuelled");
    }
    steps = 0;
    return new Reset<>(new float[] {0}, Map.of());
  }

  @Override
  public Step<float[]> step(Integer action) {
    steps++;
    if (steps < AT) {
      return new Step<>(new float[] {steps}, 1, false, false, Map.of());
    }
    float[] observation = switch (fault) {
      case NAN_OBSERVATION -> new float[] {Float.NaN};
      case OUTSIDE -> new float[] {1001};
      case WRONG_WIDTH -> new float[] {1, 1};
      default -> new float[] {steps};
    };
    double reward = switch (fault) {
      case NAN_REWARD -> Double.NaN;
      case INFINITE_REWARD -> Double.POSITIVE_INFINITY;
      default -> 1;
    };
    if (fault == Fault.THROWS_AT_STEP) {
      throw new IllegalStateException("the rocket exploded");
    }
    return new Step<>(observation, reward, false, false, Map.of());
  }

  /** Named in META-INF/services. */
  public static final class Provider implements EnvProvider {
    @Override
    public Collection<EnvSpec> environments() {
      return List.copyOf(Arrays.stream(Fault.values())
          .map(fault -> new EnvSpec(fault.id, kwargs -> new FaultyEnv(fault)))
          .toList());
    }
  }
}
