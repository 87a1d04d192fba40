package io.llmagentos.rl.random;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.math.BigInteger;

/** PCG64 (XSL-RR 128/64, O'Neill 2014) as NumPy runs it, with its buffered half for 32-bit draws. */
final class Pcg64 {
  private static final long MULTIPLIER_HIGH = 0x2360ed051fc65da4L;
  private static final long MULTIPLIER_LOW = 0x4385df649fccf645L;

  private long stateHigh;
  private long stateLow;
  private long incrementHigh;
  private long incrementLow;
  private boolean buffered;
  private int buffer;

  Pcg64(SeedSequence seed) {
    long[] words = seed.state(4);
    incrementHigh = (words[2] << 1) | (words[3] >>> 63);
    incrementLow = (words[3] << 1) | 1;
    advance();
    add(words[0], words[1]);
    advance();
  }

  long nextLong() {
    advance();
    return Long.rotateRight(stateHigh ^ stateLow, (int) (stateHigh >>> 58));
  }

  /** 32 bits: the lower half of a draw, then its upper half. */
  int nextInt() {
    if (buffered) {
      buffered = false;
      return buffer;
    }
    long draw = nextLong();
    buffered = true;
    buffer = (int) (draw >>> 32);
    return (int) draw;
  }

  /** Uniform in [0, 1), 53 bits. */
  double nextDouble() {
    return (nextLong() >>> 11) * 0x1.0p-53;
  }

  BigInteger state() {
    return unsigned(stateHigh, stateLow);
  }

  BigInteger increment() {
    return unsigned(incrementHigh, incrementLow);
  }

  void write(DataOutput out) throws IOException {
    out.writeLong(stateHigh);
    out.writeLong(stateLow);
    out.writeLong(incrementHigh);
    out.writeLong(incrementLow);
    out.writeBoolean(buffered);
    out.writeInt(buffer);
  }

  void read(DataInput in) throws IOException {
    stateHigh = in.readLong();
    stateLow = in.readLong();
    incrementHigh = in.readLong();
    incrementLow = in.readLong();
    buffered = in.readBoolean();
    buffer = in.readInt();
  }

  private void advance() {
    long high = Math.unsignedMultiplyHigh(stateLow, MULTIPLIER_LOW)
        + stateHigh * MULTIPLIER_LOW
        + stateLow * MULTIPLIER_HIGH;
    stateLow *= MULTIPLIER_LOW;
    stateHigh = high;
    add(incrementHigh, incrementLow);
  }

  private void add(long high, long low) {
    stateLow += low;
    stateHigh += high + (Long.compareUnsigned(stateLow, low) < 0 ? 1 : 0);
  }

  private static BigInteger unsigned(long high, long low) {
    return new BigInteger(Long.toUnsignedString(high))
        .shiftLeft(64)
        .or(new BigInteger(Long.toUnsignedString(low)));
  }
}
