package io.llmagentos.rl.env.wrapper;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.rl.env.ArrayEnv;
import io.llmagentos.rl.env.Outcome;
import io.llmagentos.rl.space.Box;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Map;

/** The last {@code stackSize} Box observations, the oldest first. A reset fills the stack with its observation. */
public final class FrameStackObservation<A> extends Wrapper<float[], A> {
  private final int width;
  private final float[] frames;

  public FrameStackObservation(ArrayEnv<float[], A> env, int stackSize) {
    super(env, space(env, stackSize), env.actionSpace());
    this.width = env.observationSpace().flatdim();
    this.frames = new float[stackSize * width];
  }

  private static Box space(ArrayEnv<float[], ?> env, int stackSize) {
    if (stackSize < 1) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          "FrameStackObservation: stack_size is " + stackSize + ", must be at least 1",
          "stack_size");
    }
    Box inner = BoxSpaces.require("FrameStackObservation", env.observationSpace());
    int width = inner.flatdim();
    float[] low = new float[stackSize * width];
    float[] high = new float[stackSize * width];
    for (int i = 0; i < low.length; i++) {
      low[i] = inner.low(i % width);
      high[i] = inner.high(i % width);
    }
    int[] innerShape = inner.shape();
    int[] shape = new int[innerShape.length + 1];
    shape[0] = stackSize;
    System.arraycopy(innerShape, 0, shape, 1, innerShape.length);
    return new Box(low, high, shape);
  }

  @Override
  public Map<String, Object> reset(float[] observation, int offset) {
    Map<String, Object> info = env.reset(frames, 0);
    fill(observation, offset);
    return info;
  }

  @Override
  public Map<String, Object> reset(long seed, float[] observation, int offset) {
    Map<String, Object> info = env.reset(seed, frames, 0);
    fill(observation, offset);
    return info;
  }

  private void fill(float[] observation, int offset) {
    for (int at = width; at < frames.length; at += width) {
      System.arraycopy(frames, 0, frames, at, width);
    }
    System.arraycopy(frames, 0, observation, offset, frames.length);
  }

  @Override
  public void step(
      float[] action,
      int actionOffset,
      float[] observation,
      int observationOffset,
      Outcome outcome) {
    System.arraycopy(frames, width, frames, 0, frames.length - width);
    env.step(action, actionOffset, frames, frames.length - width, outcome);
    System.arraycopy(frames, 0, observation, observationOffset, frames.length);
  }

  @Override
  protected void write(DataOutput out) throws IOException {
    for (float number : frames) {
      out.writeFloat(number);
    }
  }

  @Override
  protected void read(DataInput in) throws IOException {
    for (int i = 0; i < frames.length; i++) {
      frames[i] = in.readFloat();
    }
  }
}
