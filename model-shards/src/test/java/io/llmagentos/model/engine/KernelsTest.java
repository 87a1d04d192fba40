package io.llmagentos.model.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.llmagentos.model.weights.Tensor;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KernelsTest {
  private final SplittableRandom random = new SplittableRandom(7);

  @ParameterizedTest
  @CsvSource({"1,1", "3,5", "40,64", "17,65", "2100,130", "33,200"})
  void shouldMultiplyLikeOneElementAtATime(int inputs, int outputs) {
    float[] w = floats(inputs * outputs);
    float[] bias = floats(outputs);
    try (Arena arena = Arena.ofShared();
        Workers workers = new Workers(2, arena)) {
      Matrix columns =
          Matrix.ofColumns(arena, WeightStorage.F32, bias, Tensor.of("w", w, inputs, outputs));
      float[] half = rounded(w);
      Matrix bf16 =
          Matrix.ofColumns(arena, WeightStorage.BF16, bias, Tensor.of("w", w, inputs, outputs));
      Matrix rowMajor = Matrix.ofRows(
          arena,
          WeightStorage.F32,
          bias,
          Tensor.of("w", transposed(w, inputs, outputs), outputs, inputs));
      for (int rows : new int[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 13}) {
        float[] x = floats(rows * (inputs + 3));
        checkProduct(columns, workers, x, rows, w, bias);
        checkProduct(rowMajor, workers, x, rows, w, bias);
        checkProduct(bf16, workers, x, rows, half, bias);
      }
    }
  }

  private static void checkProduct(
      Matrix matrix, Workers workers, float[] x, int rows, float[] w, float[] bias) {
    int inputs = matrix.inputs();
    int stride = Lanes.padded(matrix.outputs());
    float[] y = new float[rows * stride];
    matrix.multiply(workers, x, inputs + 3, rows, y, stride);
    for (int m = 0; m < rows; m++) {
      float[] row = Arrays.copyOfRange(x, m * (inputs + 3), m * (inputs + 3) + inputs);
      for (int n = 0; n < matrix.outputs(); n++) {
        assertThat(y[m * stride + n])
            .isEqualTo(ScalarKernels.chain(bias[n], row, w, matrix.outputs(), n));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldGiveBackTheColumnsItStores(boolean bf16) {
    float[] w = floats(5 * 150);
    try (Arena arena = Arena.ofConfined()) {
      WeightStorage storage = bf16 ? WeightStorage.BF16 : WeightStorage.F32;
      Matrix matrix = Matrix.ofRows(arena, storage, null, Tensor.of("w", w, 150, 5));
      float[] stored = bf16 ? rounded(w) : w;
      float[] column = new float[5];
      for (int n = 0; n < 150; n++) {
        matrix.column(n, column, 0);
        assertThat(column).containsExactly(Arrays.copyOfRange(stored, n * 5, n * 5 + 5));
      }
    }
  }

  @Test
  void shouldActivateLikeOneElementAtATimeAndLikeMathematics() {
    float[] x = new float[16 * 4096];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) (random.nextGaussian() * Math.pow(2, i % 12 - 6));
    }
    float[] ones = new float[x.length];
    Arrays.fill(ones, 1);
    float[] silu = new float[x.length];
    RowKernels.siluTimes(x, 0, ones, 0, x.length, silu, 0);
    float[] gelu = x.clone();
    RowKernels.gelu(gelu, 0, x.length);
    for (int i = 0; i < x.length; i++) {
      assertThat(silu[i]).isEqualTo(ScalarKernels.silu(x[i]));
      assertThat(gelu[i]).isEqualTo(ScalarKernels.gelu(x[i]));
      double u = Math.sqrt(2 / Math.PI) * (x[i] + 0.044715 * Math.pow(x[i], 3));
      double tolerance = 1e-6 * Math.max(1, Math.abs(x[i]));
      assertThat((double) silu[i]).isCloseTo(x[i] / (1 + Math.exp(-x[i])), within(tolerance));
      assertThat((double) gelu[i]).isCloseTo(0.5 * x[i] * (1 + Math.tanh(u)), within(tolerance));
      float inRange = Math.clamp(x[i], -86, 88);
      assertThat(ScalarKernels.exp(inRange) / Math.exp(inRange)).isCloseTo(1, within(3e-7));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {16, 48, 64, 80, 128})
  void shouldAttendLikeOneElementAtATime(int width) {
    for (int length : new int[] {1, 2, 15, 16, 17, 33, 100}) {
      float[] q = floats(width);
      float[][] keys = new float[length][];
      float[][] values = new float[length][];
      float[] flatKeys = new float[length * width];
      float[] flatValues = new float[length * width];
      for (int t = 0; t < length; t++) {
        keys[t] = floats(width);
        values[t] = floats(width);
        System.arraycopy(keys[t], 0, flatKeys, t * width, width);
        System.arraycopy(values[t], 0, flatValues, t * width, width);
      }
      try (Arena arena = Arena.ofConfined()) {
        var k = arena.allocateFrom(Lanes.FLOAT, flatKeys);
        var v = arena.allocateFrom(Lanes.FLOAT, flatValues);
        float[] scores = new float[length + Lanes.LENGTH];
        float[] byElement = new float[length];
        AttentionKernels.scores(q, k, 0, length, width, 0.125f, scores, 0);
        AttentionKernels.scoresByElement(q, k, 0, length, width, 0.125f, byElement, 0);
        assertThat(Arrays.copyOf(scores, length)).containsExactly(byElement);
        RowKernels.softmax(scores, length);
        float[] out = new float[width];
        int cut = length / 3;
        AttentionKernels.weighted(scores, 0, cut, v, 0, width, out);
        AttentionKernels.weighted(
            scores, cut, length - cut, v, (long) cut * width * Float.BYTES, width, out);
        assertThat(out).containsExactly(ScalarKernels.attend(q, keys, values, 0.125f));
      }
    }
  }

  private float[] floats(int length) {
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static float[] transposed(float[] w, int rows, int columns) {
    float[] transposed = new float[w.length];
    for (int i = 0; i < w.length; i++) {
      transposed[i % columns * rows + i / columns] = w[i];
    }
    return transposed;
  }

  /** To the nearest bf16, ties to even. */
  private static float[] rounded(float[] values) {
    float[] rounded = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      int down = Float.floatToRawIntBits(values[i]) & 0xffff0000;
      double below = Math.abs(values[i] - Float.intBitsToFloat(down));
      double above = Math.abs(Float.intBitsToFloat(down + 0x10000) - values[i]);
      boolean up = above < below || (above == below && (down & 0x10000) != 0);
      rounded[i] = Float.intBitsToFloat(up ? down + 0x10000 : down);
    }
    return rounded;
  }
}
