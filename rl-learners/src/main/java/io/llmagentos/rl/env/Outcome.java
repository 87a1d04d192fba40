package io.llmagentos.rl.env;

import java.util.Map;

/** What one action led to, beside the observation; reused from step to step. */
public final class Outcome {
  public double reward;
  public boolean terminated;
  public boolean truncated;
  public Map<String, Object> info = Map.of();

  /** Without further information. */
  public void set(double reward, boolean terminated, boolean truncated) {
    this.reward = reward;
    this.terminated = terminated;
    this.truncated = truncated;
    this.info = Map.of();
  }

  public boolean done() {
    return terminated || truncated;
  }
}
