package io.llmagentos.rl.env.wrapper;

import io.llmagentos.rl.env.ArrayEnv;
import io.llmagentos.rl.env.Outcome;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/** Adds to the info of an episode's last step an "episode": its return "r" and its length "l". */
public final class RecordEpisodeStatistics<O, A> extends Wrapper<O, A> {
  private double episodeReturn;
  private int episodeLength;

  public RecordEpisodeStatistics(ArrayEnv<O, A> env) {
    super(env);
  }

  @Override
  public Map<String, Object> reset(float[] observation, int offset) {
    begin();
    return env.reset(observation, offset);
  }

  @Override
  public Map<String, Object> reset(long seed, float[] observation, int offset) {
    begin();
    return env.reset(seed, observation, offset);
  }

  private void begin() {
    episodeReturn = 0;
    episodeLength = 0;
  }

  @Override
  public void step(
      float[] action,
      int actionOffset,
      float[] observation,
      int observationOffset,
      Outcome outcome) {
    env.step(action, actionOffset, observation, observationOffset, outcome);
    episodeReturn += outcome.reward;
    episodeLength++;
    if (outcome.done()) {
      Map<String, Object> info = new HashMap<>(outcome.info);
      info.put("episode", Map.of("r", episodeReturn, "l", episodeLength));
      outcome.info = Map.copyOf(info);
    }
  }

  @Override
  protected void write(DataOutput out) throws IOException {
    out.writeDouble(episodeReturn);
    out.writeInt(episodeLength);
  }

  @Override
  protected void read(DataInput in) throws IOException {
    episodeReturn = in.readDouble();
    episodeLength = in.readInt();
  }
}
