package io.llmagentos.rl.algorithm;

import io.llmagentos.rl.algorithm.ReplayBuffer.Transitions;
import io.llmagentos.rl.policy.Network;

/**
 * The two losses of DDPG (Lillicrap et al. 2016). The action of an actor's output o is tanh(o) * scale + centre, in the environment's units; Q reads observation
 * and action side by side.
 *
 * <pre>
 *   critic: mean[(Q(s, a) - y)^2],  y = r + gamma (1 - terminated) Q'(s', mu'(s'))
 *   actor:  mean[-Q(s, mu(s))]
 * </pre>
 *
 * <p>The networks have their parameters loaded. Not thread-safe.
 */
final class DDPGLoss {
  private final double gamma;
  private final float[] scale;
  private final float[] centre;
  private final int observationWidth;
  private final int actionWidth;

  DDPGLoss(double gamma, float[] scale, float[] centre, int observationWidth) {
    this.gamma = gamma;
    this.scale = scale.clone();
    this.centre = centre.clone();
    this.observationWidth = observationWidth;
    this.actionWidth = scale.length;
  }

  /** y, one number a row. */
  float[] targets(Transitions batch, Network actorTarget, Network criticTarget) {
    int rows = batch.rows();
    float[] outputs = new float[rows * actionWidth];
    actorTarget.infer(batch.nextObservations(), rows, outputs);
    float[] next = new float[rows];
    criticTarget.infer(beside(batch.nextObservations(), actions(outputs), rows), rows, next);
    float[] targets = new float[rows];
    for (int i = 0; i < rows; i++) {
      double later = batch.terminated()[i] ? 0 : gamma * next[i];
      targets[i] = (float) (batch.rewards()[i] + later);
    }
    return targets;
  }

  /** Writes the critic's gradient to {@code into[0 ..]}; returns its loss. */
  double critic(Transitions batch, float[] targets, Network critic, float[] into) {
    int rows = batch.rows();
    float[] values = new float[rows];
    critic.forward(beside(batch.observations(), batch.actions(), rows), rows, values);
    float[] slopes = new float[rows];
    double sum = 0;
    for (int i = 0; i < rows; i++) {
      double error = values[i] - targets[i];
      sum += error * error;
      slopes[i] = (float) (2 * error / rows);
    }
    critic.backward(slopes, into, 0, null);
    return sum / rows;
  }

  /** Writes the actor's gradient to {@code into[0 ..]}; returns its loss. */
  double actor(Transitions batch, Network actor, Network critic, float[] into) {
    int rows = batch.rows();
    float[] outputs = new float[rows * actionWidth];
    actor.forward(batch.observations(), rows, outputs);
    float[] values = new float[rows];
    critic.forward(beside(batch.observations(), actions(outputs), rows), rows, values);
    float[] slopes = new float[rows];
    double sum = 0;
    for (int i = 0; i < rows; i++) {
      sum -= values[i];
      slopes[i] = (float) (-1.0 / rows);
    }
    int width = observationWidth + actionWidth;
    float[] ofInputs = new float[rows * width];
    critic.backward(slopes, new float[critic.parameterCount()], 0, ofInputs);
    float[] ofOutputs = new float[rows * actionWidth];
    for (int i = 0; i < rows; i++) {
      for (int k = 0; k < actionWidth; k++) {
        double tanh = Math.tanh(outputs[i * actionWidth + k]);
        ofOutputs[i * actionWidth + k] =
            (float) (ofInputs[i * width + observationWidth + k] * scale[k] * (1 - tanh * tanh));
      }
    }
    actor.backward(ofOutputs, into, 0, null);
    return sum / rows;
  }

  private float[] actions(float[] outputs) {
    float[] actions = new float[outputs.length];
    for (int i = 0; i < outputs.length; i++) {
      int k = i % actionWidth;
      actions[i] = (float) Math.tanh(outputs[i]) * scale[k] + centre[k];
    }
    return actions;
  }

  private float[] beside(float[] observations, float[] actions, int rows) {
    int width = observationWidth + actionWidth;
    float[] both = new float[rows * width];
    for (int i = 0; i < rows; i++) {
      System.arraycopy(observations, i * observationWidth, both, i * width, observationWidth);
      System.arraycopy(actions, i * actionWidth, both, i * width + observationWidth, actionWidth);
    }
    return both;
  }

  /** target += tau (network - target). */
  static void polyak(float[] network, int at, float[] target, double tau) {
    float part = (float) tau;
    for (int i = 0; i < target.length; i++) {
      target[i] = part * network[at + i] + (1 - part) * target[i];
    }
  }
}
