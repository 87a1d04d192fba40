package io.llmagentos.rl.job;

import io.llmagentos.rl.rollout.Episode;
import io.llmagentos.rl.rollout.Fragment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Fragments as bytes for the bulk plane: little-endian, every array with its length before it. */
final class FragmentBytes {
  private static final int EPISODE = 2 * Integer.BYTES + Double.BYTES;

  private FragmentBytes() {}

  static byte[] of(List<Fragment> fragments) {
    int size = Integer.BYTES;
    for (Fragment fragment : fragments) {
      size += size(fragment);
    }
    ByteBuffer out = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    out.putInt(fragments.size());
    fragments.forEach(fragment -> write(fragment, out));
    return out.array();
  }

  static List<Fragment> read(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    List<Fragment> fragments = new ArrayList<>();
    for (int left = in.getInt(); left > 0; left--) {
      fragments.add(read(in));
    }
    return fragments;
  }

  private static int size(Fragment f) {
    int floats = f.observations().length
        + f.actions().length
        + f.distributionInputs().length
        + f.states().length
        + f.rewards().length
        + f.lastObservations().length
        + f.finalObservations().length;
    return 4 * Integer.BYTES
        + (floats + f.finalRows().length) * Float.BYTES
        + 2 * f.rows()
        + 11 * Integer.BYTES
        + f.episodes().size() * EPISODE;
  }

  private static void write(Fragment f, ByteBuffer out) {
    out.putInt(f.firstEnvironment()).putInt(f.environments());
    out.putInt(f.steps()).putInt(f.sequenceLength());
    floats(f.observations(), out);
    floats(f.actions(), out);
    floats(f.distributionInputs(), out);
    floats(f.states(), out);
    floats(f.rewards(), out);
    flags(f.terminated(), out);
    flags(f.truncated(), out);
    floats(f.lastObservations(), out);
    out.putInt(f.finalRows().length);
    for (int row : f.finalRows()) {
      out.putInt(row);
    }
    floats(f.finalObservations(), out);
    out.putInt(f.episodes().size());
    f.episodes()
        .forEach(episode -> out.putInt(episode.environment())
            .putDouble(episode.totalReward())
            .putInt(episode.length()));
  }

  private static Fragment read(ByteBuffer in) {
    int first = in.getInt();
    int environments = in.getInt();
    int steps = in.getInt();
    int sequenceLength = in.getInt();
    float[] observations = floats(in);
    float[] actions = floats(in);
    float[] inputs = floats(in);
    float[] states = floats(in);
    float[] rewards = floats(in);
    boolean[] terminated = flags(in);
    boolean[] truncated = flags(in);
    float[] last = floats(in);
    int[] finalRows = new int[in.getInt()];
    for (int i = 0; i < finalRows.length; i++) {
      finalRows[i] = in.getInt();
    }
    float[] finals = floats(in);
    List<Episode> episodes = new ArrayList<>();
    for (int left = in.getInt(); left > 0; left--) {
      episodes.add(new Episode(in.getInt(), in.getDouble(), in.getInt()));
    }
    return new Fragment(
        first,
        environments,
        steps,
        sequenceLength,
        observations,
        actions,
        inputs,
        states,
        rewards,
        terminated,
        truncated,
        last,
        finalRows,
        finals,
        episodes);
  }

  static byte[] ofFloats(float[] numbers) {
    ByteBuffer out =
        ByteBuffer.allocate(numbers.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    out.asFloatBuffer().put(numbers);
    return out.array();
  }

  static float[] toFloats(byte[] bytes) {
    float[] numbers = new float[bytes.length / Float.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(numbers);
    return numbers;
  }

  /** The states of some environments, in their order. */
  static byte[] ofParts(List<byte[]> parts) {
    int size = Integer.BYTES
        + parts.stream().mapToInt(part -> Integer.BYTES + part.length).sum();
    ByteBuffer out = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    out.putInt(parts.size());
    parts.forEach(part -> out.putInt(part.length).put(part));
    return out.array();
  }

  static List<byte[]> toParts(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    List<byte[]> parts = new ArrayList<>();
    for (int left = in.getInt(); left > 0; left--) {
      byte[] part = new byte[in.getInt()];
      in.get(part);
      parts.add(part);
    }
    return parts;
  }

  private static void floats(float[] numbers, ByteBuffer out) {
    out.putInt(numbers.length);
    out.asFloatBuffer().put(numbers);
    out.position(out.position() + numbers.length * Float.BYTES);
  }

  private static float[] floats(ByteBuffer in) {
    float[] numbers = new float[in.getInt()];
    in.asFloatBuffer().get(numbers);
    in.position(in.position() + numbers.length * Float.BYTES);
    return numbers;
  }

  private static void flags(boolean[] flags, ByteBuffer out) {
    out.putInt(flags.length);
    for (boolean flag : flags) {
      out.put((byte) (flag ? 1 : 0));
    }
  }

  private static boolean[] flags(ByteBuffer in) {
    boolean[] flags = new boolean[in.getInt()];
    for (int i = 0; i < flags.length; i++) {
      flags[i] = in.get() != 0;
    }
    return flags;
  }
}
