package io.llmagentos.rl.env.example;

import io.llmagentos.rl.env.Env;
import io.llmagentos.rl.env.Reset;
import io.llmagentos.rl.env.Step;
import io.llmagentos.rl.env.registration.EnvProvider;
import io.llmagentos.rl.env.registration.EnvSpec;
import io.llmagentos.rl.random.Generator;
import io.llmagentos.rl.space.Box;
import io.llmagentos.rl.space.Discrete;
import io.llmagentos.rl.space.Space;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** A user's environment, as docs/environments.md shows it: walk along a line to a target. */
public final class TargetWalk implements Env<float[], Integer> {
  private final Space<float[]> observations = Box.of(-20, 20, 1);
  private final Space<Integer> actions = new Discrete(2);
  private final int target;
  private Generator random = Generator.ofEntropy();
  private int position;

  public TargetWalk(int target) {
    this.target = target;
  }

  @Override
  public Space<float[]> observationSpace() {
    return observations;
  }

  @Override
  public Space<Integer> actionSpace() {
    return actions;
  }

  @Override
  public Reset<float[]> reset(long seed) {
    random = Generator.of(seed);
    return reset();
  }

  @Override
  public Reset<float[]> reset() {
    position = (int) random.integers(-5, 6);
    return new Reset<>(new float[] {position - target}, Map.of());
  }

  @Override
  public Step<float[]> step(Integer action) {
    position = Math.clamp(position + (action == 1 ? 1 : -1), -10, 10);
    boolean arrived = position == target;
    return new Step<>(
        new float[] {position - target}, arrived ? 1 : -0.01, arrived, false, Map.of());
  }

  /** What the jar adds; named in META-INF/services. */
  public static final class Provider implements EnvProvider {
    @Override
    public Collection<EnvSpec> environments() {
      return List.of(new EnvSpec(
              "example/TargetWalk-v0", kwargs -> new TargetWalk(kwargs.integer("target", 3)))
          .withMaxEpisodeSteps(100));
    }
  }
}
