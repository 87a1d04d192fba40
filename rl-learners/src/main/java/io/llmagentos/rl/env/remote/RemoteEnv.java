package io.llmagentos.rl.env.remote;

import io.llmagentos.rl.env.ArrayEnv;
import io.llmagentos.rl.env.Outcome;
import io.llmagentos.rl.space.Space;
import java.util.Map;

/**
 * One environment of a {@link RemoteBatch}. If its process is lost, the step says that the episode is truncated, with the last observation once more and the
 * reason as "remote_restart" in its info. It tells no other infos and has no snapshots.
 */
final class RemoteEnv implements ArrayEnv<Object, Object> {
  private final RemoteBatch batch;
  private final int index;
  private boolean closed;

  RemoteEnv(RemoteBatch batch, int index) {
    this.batch = batch;
    this.index = index;
  }

  /** Its values are known as objects only. */
  @Override
  @SuppressWarnings("unchecked")
  public Space<Object> observationSpace() {
    return (Space<Object>) batch.observationSpace();
  }

  @Override
  @SuppressWarnings("unchecked")
  public Space<Object> actionSpace() {
    return (Space<Object>) batch.actionSpace();
  }

  @Override
  public Map<String, Object> reset(float[] observation, int offset) {
    batch.reset(index, observation, offset);
    return Map.of();
  }

  @Override
  public Map<String, Object> reset(long seed, float[] observation, int offset) {
    batch.reset(index, seed, observation, offset);
    return Map.of();
  }

  @Override
  public boolean expect(float[] action, int offset) {
    batch.expect(index, action, offset);
    return true;
  }

  @Override
  public void step(
      float[] action,
      int actionOffset,
      float[] observation,
      int observationOffset,
      Outcome outcome) {
    batch.step(index, action, actionOffset, observation, observationOffset, outcome);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      batch.closeOne();
    }
  }
}
