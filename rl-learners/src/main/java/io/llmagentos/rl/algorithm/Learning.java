package io.llmagentos.rl.algorithm;

import io.llmagentos.rl.rollout.Fragment;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** Where an algorithm learns: ranks in this process, or on other nodes. Not thread-safe. */
public interface Learning extends AutoCloseable {
  /** The live parameters, those of the policy first; read only. */
  float[] parameters();

  /**
   * One training step of all ranks; every rank gets the experience of an equal share of the environments.
   *
   * @param steps sampled in the whole run so far, these included
   * @return metrics by RLlib's names
   */
  Map<String, Double> learn(List<Fragment> fragments, long steps);

  /** Writes the state of every rank. */
  void write(DataOutput out) throws IOException;

  void read(DataInput in) throws IOException;

  @Override
  default void close() {}
}
