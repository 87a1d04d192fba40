package io.llmagentos.rl.algorithm;

import io.llmagentos.rl.rollout.Fragment;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * One rank of the learning: from experience to gradients, from averaged gradients to parameters. A training step is
 *
 * <pre>{@code
 * learner.begin(fragments, steps);
 * while (learner.gradient(g)) {
 *   // average g over the ranks, element by element, in the order of the ranks
 *   learner.apply(g);
 * }
 * Map<String, Double> metrics = learner.end();
 * }</pre>
 *
 * <p>Ranks that start alike and apply the same averages stay alike, and all go through the same number of rounds. No clock, no global state. Not thread-safe.
 */
public interface Learner {
  /** The live parameters, those that samplers need first; read only, between training steps. */
  float[] parameters();

  /** Numbers of a gradient, statistics that are averaged with it included. */
  int gradientWidth();

  /**
   * Takes the experience of this rank's environments.
   *
   * @param steps sampled in the whole run so far, these included
   */
  void begin(List<Fragment> fragments, long steps);

  /** Writes this rank's next gradient; false if the training step is done. */
  boolean gradient(float[] into);

  /** Makes a step with the average of the ranks' gradients. Throws {@code TRAINING_DIVERGED} if it is not finite; nothing has changed then. */
  void apply(float[] averaged);

  /** Metrics of the training step, by RLlib's names. */
  Map<String, Double> end();

  /** Writes everything that the future depends on; between training steps. */
  void write(DataOutput out) throws IOException;

  /** Reads what a learner of the same configuration wrote. */
  void read(DataInput in) throws IOException;
}
