package io.llmagentos.rl.algorithm;

import io.llmagentos.rl.env.registration.EnvRegistry;
import io.llmagentos.rl.rollout.Fragment;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Learns in the calling thread, one rank after the other; gradients are averaged as ranks on several nodes average theirs. */
final class LocalLearning implements Learning {
  private final List<Learner> learners = new ArrayList<>();
  private final int environments;
  private final float[][] gradients;

  LocalLearning(AlgorithmConfig<?> config, EnvRegistry registry) {
    for (int rank = 0; rank < config.ranks(); rank++) {
      learners.add(config.newLearner(registry, rank));
    }
    this.environments = config.environments();
    this.gradients = new float[learners.size()][learners.getFirst().gradientWidth()];
  }

  @Override
  public float[] parameters() {
    return learners.getFirst().parameters();
  }

  @Override
  public Map<String, Double> learn(List<Fragment> fragments, long steps) {
    int each = environments / learners.size();
    for (int rank = 0; rank < learners.size(); rank++) {
      learners
          .get(rank)
          .begin(Fragment.ofEnvironments(fragments, rank * each, (rank + 1) * each), steps);
    }
    while (gradients()) {
      average();
      for (int rank = 0; rank < learners.size(); rank++) {
        learners.get(rank).apply(gradients[rank]);
      }
    }
    Map<String, Double> metrics = Map.of();
    for (Learner learner : learners.reversed()) {
      metrics = learner.end();
    }
    return metrics;
  }

  private boolean gradients() {
    boolean more = false;
    for (int rank = 0; rank < learners.size(); rank++) {
      more = learners.get(rank).gradient(gradients[rank]);
    }
    return more;
  }

  /** As {@link io.llmagentos.node.rank.GradientExchange} does: in double precision, in the order of the ranks. */
  private void average() {
    int ranks = gradients.length;
    if (ranks == 1) {
      return;
    }
    for (int i = 0; i < gradients[0].length; i++) {
      double sum = 0;
      for (float[] gradient : gradients) {
        sum += gradient[i];
      }
      gradients[0][i] = (float) (sum / ranks);
    }
    for (int rank = 1; rank < ranks; rank++) {
      System.arraycopy(gradients[0], 0, gradients[rank], 0, gradients[0].length);
    }
  }

  @Override
  public void write(DataOutput out) throws IOException {
    out.writeInt(learners.size());
    for (Learner learner : learners) {
      learner.write(out);
    }
  }

  @Override
  public void read(DataInput in) throws IOException {
    int ranks = in.readInt();
    if (ranks != learners.size()) {
      throw new IOException(ranks + " learners; wanted " + learners.size());
    }
    for (Learner learner : learners) {
      learner.read(in);
    }
  }
}
