package io.llmagentos.rl.algorithm;

import io.llmagentos.rl.env.registration.EnvRegistry;
import io.llmagentos.rl.rollout.Fragment;
import io.llmagentos.rl.rollout.Sampler;
import io.llmagentos.rl.rollout.Sampler.Behaviour;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Samples in the calling thread, one sampler after the other. */
final class LocalSampling implements Sampling {
  private final List<Sampler> samplers = new ArrayList<>();
  private final boolean stale;
  private float[] before = {};
  private @Nullable Behaviour behaviourBefore;

  LocalSampling(AlgorithmConfig<?> config, EnvRegistry environments) {
    int perRunner = config.get(AlgorithmConfig.NUM_ENVS_PER_ENV_RUNNER);
    for (int runner = 0; runner < config.runners(); runner++) {
      samplers.add(config.newSampler(environments, perRunner, runner * perRunner));
    }
    this.stale = config.get(AlgorithmConfig.SAMPLE_ASYNC);
  }

  @Override
  public List<Fragment> sample(float[] parameters, int count, int steps, Behaviour behaviour) {
    float[] used = stale && before.length > 0 ? before : parameters;
    Behaviour how = stale && behaviourBefore != null ? behaviourBefore : behaviour;
    List<Fragment> fragments = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      for (Sampler sampler : samplers) {
        sampler.load(used);
        fragments.add(sampler.sample(steps, how));
      }
    }
    if (stale) {
      before = parameters.clone();
      behaviourBefore = behaviour;
    }
    return fragments;
  }

  @Override
  public Optional<List<byte[]>> snapshot() {
    List<byte[]> parts = new ArrayList<>();
    for (Sampler sampler : samplers) {
      Optional<List<byte[]>> own = sampler.snapshot();
      if (own.isEmpty()) {
        return Optional.empty();
      }
      parts.addAll(own.get());
    }
    return Optional.of(parts);
  }

  @Override
  public void restore(List<byte[]> parts) {
    for (Sampler sampler : samplers) {
      int first = sampler.firstEnvironment();
      sampler.restore(parts.subList(first, first + sampler.environments()));
    }
  }

  @Override
  public void close() {
    samplers.forEach(Sampler::close);
  }
}
