package io.llmagentos.rl.policy;

import io.llmagentos.rl.random.Generator;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A policy and a value function over one flat parameter vector: {@code actor.*, log_std, critic.*}, or, where they share their hidden layers, {@code
 * encoder.*, lstm.*, pi.*, vf.*, log_std}. The policy's parameters come first: a sampler needs nothing behind them. Not thread-safe.
 */
public final class ActorCritic {
  private final Policy policy;
  private final @Nullable Network critic;
  private final List<Segment> segments;
  private float[] networkGradients = {};

  /** @param critic one output, no memory; null: the value is the last column of the policy's network */
  public ActorCritic(Policy policy, @Nullable Network critic) {
    this.policy = policy;
    this.critic = critic;
    List<Segment> all = new ArrayList<>();
    for (Segment segment : policy.segments()) {
      boolean ofLayer = Character.isDigit(segment.name().charAt(0));
      all.add(segment.at(ofLayer ? (critic == null ? "encoder." : "actor.") : "", 0));
    }
    if (critic != null) {
      critic.segments().forEach(s -> all.add(s.at("critic.", policy.parameterCount())));
    }
    this.segments = List.copyOf(all);
  }

  public Policy policy() {
    return policy;
  }

  public List<Segment> segments() {
    return segments;
  }

  public int parameterCount() {
    return policy.parameterCount() + (critic == null ? 0 : critic.parameterCount());
  }

  public float[] initialParameters(Generator random) {
    float[] parameters = new float[parameterCount()];
    policy.initialise(random, parameters, 0);
    if (critic != null) {
      critic.initialise(random, parameters, policy.parameterCount());
    }
    return parameters;
  }

  public void load(float[] parameters) {
    policy.load(parameters, 0);
    if (critic != null) {
      critic.load(parameters, policy.parameterCount());
    }
  }

  /** values [rows], from observations [rows][D] and the states before them [rows][S], which become those after. */
  public void inferValues(float[] observations, float[] states, int rows, float[] values) {
    if (critic != null) {
      critic.infer(observations, rows, values);
    } else {
      float[] inputs = new float[rows * policy.distribution().inputWidth()];
      policy.infer(observations, states, rows, inputs);
      lastColumn(rows, values);
    }
  }

  /** Distribution inputs and values, ready for {@link #backward}. */
  public void forward(
      float[] observations, Sequences sequences, int rows, float[] inputs, float[] values) {
    policy.forward(observations, sequences, rows, inputs);
    if (critic != null) {
      critic.forward(observations, rows, values);
    } else {
      lastColumn(rows, values);
    }
  }

  /** The gradient of all parameters, from those of distribution inputs and values; overwritten. */
  public void backward(
      float[] inputGradients, float[] valueGradients, int rows, float[] gradients) {
    int width = policy.network().outputWidth();
    if (networkGradients.length < rows * width) {
      networkGradients = new float[rows * width];
    }
    if (critic == null) {
      for (int m = 0; m < rows; m++) {
        networkGradients[m * width + width - 1] = valueGradients[m];
      }
    } else {
      critic.backward(valueGradients, gradients, policy.parameterCount(), null);
    }
    policy.backward(inputGradients, networkGradients, rows, gradients, 0);
  }

  private void lastColumn(int rows, float[] values) {
    int width = policy.network().outputWidth();
    float[] outputs = policy.outputs();
    for (int m = 0; m < rows; m++) {
      values[m] = outputs[m * width + width - 1];
    }
  }
}
