package io.llmagentos.rl.space;

import java.util.Arrays;

/** A number out of n as n zeros with a one. */
final class OneHot {
  private OneHot() {}

  static void write(int index, int n, float[] out, int offset) {
    Arrays.fill(out, offset, offset + n, 0);
    out[offset + index] = 1;
  }

  static int read(int n, float[] flat, int offset) {
    for (int i = 0; i < n; i++) {
      if (flat[offset + i] != 0) {
        return i;
      }
    }
    throw InvalidSpace.because("no entry of a one-hot vector of length " + n + " is set");
  }
}
