package io.llmagentos.rl.env.toytext;

import io.llmagentos.rl.env.ArrayEnv;
import io.llmagentos.rl.env.Outcome;
import io.llmagentos.rl.env.Snapshot;
import io.llmagentos.rl.random.Generator;
import io.llmagentos.rl.space.Discrete;
import io.llmagentos.rl.space.Space;
import java.util.Map;
import java.util.Optional;

/**
 * RLlib's environment of this name: it tosses coins, and the action should say the coin of so many steps before. Reward 1 or -1, and 0 where there was none: who
 * remembers nothing gets 0 on average. It has no end of its own.
 */
public final class RepeatAfterMe implements ArrayEnv<Integer, Integer> {
  private final Discrete coins = new Discrete(2);
  private final int[] last;
  private Generator random = Generator.ofEntropy();
  private int steps;

  /** @param delay at least 1 */
  public RepeatAfterMe(int delay) {
    this.last = new int[delay + 1];
  }

  @Override
  public Space<Integer> observationSpace() {
    return coins;
  }

  @Override
  public Space<Integer> actionSpace() {
    return coins;
  }

  @Override
  public Map<String, Object> reset(float[] observation, int offset) {
    steps = 0;
    toss(observation, offset);
    return Map.of();
  }

  @Override
  public Map<String, Object> reset(long seed, float[] observation, int offset) {
    random = Generator.of(seed);
    return reset(observation, offset);
  }

  private void toss(float[] observation, int offset) {
    int coin = (int) random.integers(2);
    last[steps % last.length] = coin;
    observation[offset] = 1 - coin;
    observation[offset + 1] = coin;
  }

  @Override
  public void step(
      float[] action,
      int actionOffset,
      float[] observation,
      int observationOffset,
      Outcome outcome) {
    int then = steps - (last.length - 1);
    double reward = then < 0 ? 0 : action[actionOffset] == last[then % last.length] ? 1 : -1;
    steps++;
    toss(observation, observationOffset);
    outcome.set(reward, false, false);
  }

  @Override
  public Optional<byte[]> snapshot() {
    return Optional.of(Snapshot.of(out -> {
      random.write(out);
      out.writeInt(steps);
      for (int coin : last) {
        out.writeInt(coin);
      }
    }));
  }

  @Override
  public void restore(byte[] snapshot) {
    Snapshot.read(snapshot, in -> {
      random.read(in);
      steps = in.readInt();
      for (int i = 0; i < last.length; i++) {
        last[i] = in.readInt();
      }
    });
  }
}
