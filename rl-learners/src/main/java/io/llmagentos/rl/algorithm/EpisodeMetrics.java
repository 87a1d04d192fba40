package io.llmagentos.rl.algorithm;

import io.llmagentos.rl.rollout.Episode;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;

/** Returns and lengths of the last episodes, in the order in which they were told. */
final class EpisodeMetrics {
  private final int window;
  private final ArrayDeque<Episode> last = new ArrayDeque<>();
  private long lifetime;

  EpisodeMetrics(int window) {
    this.window = window;
  }

  void add(List<Episode> episodes) {
    for (Episode episode : episodes) {
      last.addLast(episode);
      if (last.size() > window) {
        last.removeFirst();
      }
      lifetime++;
    }
  }

  /** Means and extremes, by RLlib's names; none before the first episode. */
  void report(String prefix, Map<String, Number> result) {
    if (!last.isEmpty()) {
      double[] returns = last.stream().mapToDouble(Episode::totalReward).toArray();
      double sum = 0;
      double min = Double.POSITIVE_INFINITY;
      double max = Double.NEGATIVE_INFINITY;
      for (double value : returns) {
        sum += value;
        min = Math.min(min, value);
        max = Math.max(max, value);
      }
      long steps = last.stream().mapToLong(Episode::length).sum();
      result.put(prefix + "episode_return_mean", sum / returns.length);
      result.put(prefix + "episode_return_min", min);
      result.put(prefix + "episode_return_max", max);
      result.put(prefix + "episode_len_mean", (double) steps / returns.length);
    }
    result.put(prefix + "num_episodes_lifetime", lifetime);
  }

  void write(DataOutput out) throws IOException {
    out.writeLong(lifetime);
    out.writeInt(last.size());
    for (Episode episode : last) {
      out.writeInt(episode.environment());
      out.writeDouble(episode.totalReward());
      out.writeInt(episode.length());
    }
  }

  void read(DataInput in) throws IOException {
    lifetime = in.readLong();
    last.clear();
    for (int left = in.readInt(); left > 0; left--) {
      last.addLast(new Episode(in.readInt(), in.readDouble(), in.readInt()));
    }
  }
}
