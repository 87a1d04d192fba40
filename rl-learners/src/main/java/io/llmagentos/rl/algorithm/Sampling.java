package io.llmagentos.rl.algorithm;

import io.llmagentos.rl.rollout.Fragment;
import io.llmagentos.rl.rollout.Sampler.Behaviour;
import java.util.List;
import java.util.Optional;

/** Where an algorithm's experience comes from: samplers in this process, or runners on other nodes. Not thread-safe. */
public interface Sampling extends AutoCloseable {
  /**
   * Samples with a policy: {@code count} fragments of every environment, the first fragments of all environments in their order, then the second ones.
   * With {@code sample_async} the experience is that of the parameters given one call before, so that sampling and learning overlap: it is one training
   * step old and never older.
   */
  List<Fragment> sample(float[] parameters, int count, int steps, Behaviour behaviour);

  /** The state of every environment after what was sampled last, in their order; empty if one cannot say its state. */
  Optional<List<byte[]>> snapshot();

  void restore(List<byte[]> parts);

  @Override
  void close();
}
