package io.llmagentos.rl.env.wrapper;

import io.llmagentos.rl.env.ArrayEnv;
import io.llmagentos.rl.space.Box;
import io.llmagentos.rl.space.Dict;
import io.llmagentos.rl.space.Space;
import io.llmagentos.rl.space.Tuple;
import java.util.Arrays;
import java.util.Collection;

/** Any observation as a Box of one dimension: its {@linkplain Space#flatten(Object, float[], int) flat} form. */
public final class FlattenObservation<A> extends Wrapper<float[], A> {
  public FlattenObservation(ArrayEnv<?, A> env) {
    super(env, flat(env.observationSpace()), env.actionSpace());
  }

  /** The Box of a space's flat values, as {@code flatten_space}. */
  static Box flat(Space<?> space) {
    float[] low = new float[space.flatdim()];
    float[] high = new float[space.flatdim()];
    bounds(space, low, high, 0);
    return Box.of(low, high);
  }

  private static int bounds(Space<?> space, float[] low, float[] high, int offset) {
    if (space instanceof Box box) {
      for (int i = 0; i < box.flatdim(); i++) {
        low[offset + i] = box.low(i);
        high[offset + i] = box.high(i);
      }
    } else if (space instanceof Tuple tuple) {
      return bounds(tuple.spaces(), low, high, offset);
    } else if (space instanceof Dict dict) {
      return bounds(dict.spaces().values(), low, high, offset);
    } else {
      Arrays.fill(high, offset, offset + space.flatdim(), 1);
    }
    return offset + space.flatdim();
  }

  private static int bounds(Collection<Space<?>> parts, float[] low, float[] high, int offset) {
    int at = offset;
    for (Space<?> part : parts) {
      at = bounds(part, low, high, at);
    }
    return at;
  }
}
