package io.llmagentos.model.engine;

import static io.llmagentos.model.engine.Lanes.LENGTH;
import static io.llmagentos.model.engine.Lanes.PANEL;

import io.llmagentos.model.weights.DType;
import io.llmagentos.model.weights.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A weight matrix y = x W + b, stored off-heap as {@code [panel][k][column in panel]} in f32 or bf16, the last panel padded with zeros. Several
 * stored tensors may stand side by side (q, k and v in one).
 */
final class Matrix {
  /** Steps of k that all rows take before the next ones: a block of f32 weights stays in the first-level cache, 32 KiB at 16 lanes. */
  private static final int BLOCK = 128;

  private static final int WIDE_ROWS = 4;

  private final int inputs;
  private final int outputs;
  private final boolean bf16;
  private final MemorySegment panels;
  private final float @Nullable [] bias;

  private Matrix(
      int inputs, int outputs, boolean bf16, MemorySegment panels, float @Nullable [] bias) {
    this.inputs = inputs;
    this.outputs = outputs;
    this.bf16 = bf16;
    this.panels = panels;
    this.bias = bias;
  }

  /** From tensors of shape [out][in], stacked along out. */
  static Matrix ofRows(
      Arena arena, WeightStorage storage, float @Nullable [] bias, Tensor... parts) {
    int inputs = Math.toIntExact(parts[0].shape()[1]);
    int outputs = 0;
    for (Tensor part : parts) {
      outputs += Math.toIntExact(part.shape()[0]);
    }
    Matrix matrix = allocate(arena, storage, inputs, outputs, bias, parts);
    float[] row = new float[inputs];
    float[] panel = new float[inputs * PANEL];
    int column = 0;
    for (Tensor part : parts) {
      for (int n = 0; n < part.shape()[0]; n++, column++) {
        part.read((long) n * inputs, row, 0, inputs);
        int lane = column % PANEL;
        for (int k = 0; k < inputs; k++) {
          panel[k * PANEL + lane] = row[k];
        }
        if (lane == PANEL - 1) {
          matrix.store(column / PANEL, panel);
        }
      }
    }
    if (outputs % PANEL != 0) {
      clearFrom(panel, outputs % PANEL);
      matrix.store(outputs / PANEL, panel);
    }
    return matrix;
  }

  /** From a tensor of shape [in][out], GPT-2's Conv1D. */
  static Matrix ofColumns(
      Arena arena, WeightStorage storage, float @Nullable [] bias, Tensor weights) {
    int inputs = Math.toIntExact(weights.shape()[0]);
    int outputs = Math.toIntExact(weights.shape()[1]);
    Matrix matrix = allocate(arena, storage, inputs, outputs, bias, weights);
    float[] panel = new float[inputs * PANEL];
    for (int p = 0; p < matrix.panelCount(); p++) {
      int columns = Math.min(PANEL, outputs - p * PANEL);
      for (int k = 0; k < inputs; k++) {
        weights.read((long) k * outputs + (long) p * PANEL, panel, k * PANEL, columns);
      }
      clearFrom(panel, columns);
      matrix.store(p, panel);
    }
    return matrix;
  }

  private static Matrix allocate(
      Arena arena,
      WeightStorage storage,
      int inputs,
      int outputs,
      float @Nullable [] bias,
      Tensor... parts) {
    boolean bf16 = switch (storage) {
      case F32 -> false;
      case BF16 -> true;
      case AS_STORED -> Arrays.stream(parts).allMatch(part -> part.dtype() == DType.BF16);
    };
    long step = bf16 ? PanelKernels.BF16_STEP : PanelKernels.F32_STEP;
    long bytes = (long) Math.ceilDiv(outputs, PANEL) * inputs * step;
    float[] paddedBias = bias == null ? null : Arrays.copyOf(bias, Lanes.padded(outputs));
    return new Matrix(inputs, outputs, bf16, arena.allocate(bytes, 64), paddedBias);
  }

  private static void clearFrom(float[] panel, int column) {
    for (int k = 0; k < panel.length; k += PANEL) {
      Arrays.fill(panel, k + column, k + PANEL, 0);
    }
  }

  private void store(int p, float[] panel) {
    if (!bf16) {
      MemorySegment.copy(panel, 0, panels, Lanes.FLOAT, offset(p, 0), panel.length);
      return;
    }
    int[] pairs = new int[panel.length / 2];
    for (int i = 0; i < pairs.length; i++) {
      int low = i / LENGTH * 2 * LENGTH + i % LENGTH;
      pairs[i] = (DType.bfloat16Bits(panel[low]) >>> 16)
          | (DType.bfloat16Bits(panel[low + LENGTH]) & 0xffff0000);
    }
    MemorySegment.copy(pairs, 0, panels, ValueLayout.JAVA_INT, offset(p, 0), pairs.length);
  }

  int inputs() {
    return inputs;
  }

  int outputs() {
    return outputs;
  }

  int panelCount() {
    return Math.ceilDiv(outputs, PANEL);
  }

  /** Bytes that one pass over the matrix reads. */
  long byteSize() {
    return panels.byteSize();
  }

  private long offset(int p, int k) {
    return ((long) p * inputs + k) * (bf16 ? PanelKernels.BF16_STEP : PanelKernels.F32_STEP);
  }

  /**
   * Set y[m] = x[m] W + b for {@code rows} rows.
   *
   * @param yStride at least {@code Lanes.padded(outputs)}; columns beyond the outputs become zero
   */
  void multiply(Workers workers, float[] x, int xStride, int rows, float[] y, int yStride) {
    workers.run(
        panelCount(),
        (panel, scratch) -> multiplyPanel(panel, scratch, x, xStride, rows, y, yStride));
  }

  private void multiplyPanel(
      int panel,
      Workers.Scratch scratch,
      float[] x,
      int xStride,
      int rows,
      float[] y,
      int yStride) {
    int column = panel * PANEL;
    for (int m = 0; m < rows; m++) {
      if (bias == null) {
        Arrays.fill(y, m * yStride + column, m * yStride + column + PANEL, 0);
      } else {
        System.arraycopy(bias, column, y, m * yStride + column, PANEL);
      }
    }
    for (int k = 0; k < inputs; k += BLOCK) {
      int count = Math.min(BLOCK, inputs - k);
      if (rows >= WIDE_ROWS) {
        long bytes = offset(0, count) - offset(0, 0);
        scratch.touched |= PanelKernels.touch(panels, offset(panel, k), bytes);
      }
      if (bf16 && rows < WIDE_ROWS) {
        for (int m = 0; m < rows; m++) {
          PanelKernels.bf16x1(
              panels, offset(panel, k), x, m * xStride + k, count, y, m * yStride + column);
        }
      } else if (bf16) {
        MemorySegment wide = scratch.panel(count);
        PanelKernels.widen(panels, offset(panel, k), count, wide);
        multiplyBlock(wide, 0, x, k, xStride, count, rows, y, column, yStride);
      } else {
        multiplyBlock(panels, offset(panel, k), x, k, xStride, count, rows, y, column, yStride);
      }
    }
  }

  private static void multiplyBlock(
      MemorySegment w,
      long offset,
      float[] x,
      int xAt,
      int xStride,
      int count,
      int rows,
      float[] y,
      int yAt,
      int yStride) {
    int m = 0;
    for (; m + WIDE_ROWS <= rows; m += WIDE_ROWS) {
      PanelKernels.f32x4(
          w, offset, x, xAt + m * xStride, xStride, count, y, yAt + m * yStride, yStride);
    }
    for (; m < rows; m++) {
      PanelKernels.f32x1(w, offset, x, xAt + m * xStride, count, y, yAt + m * yStride);
    }
  }

  /** Copy output {@code n}'s weights: the embedding of token n when this is a tied output matrix. */
  void column(int n, float[] to, int at) {
    long base = offset(n / PANEL, 0);
    int lane = n % PANEL;
    int pair = lane / (2 * LENGTH) * LENGTH + lane % LENGTH;
    int shift = lane / LENGTH % 2 == 0 ? 16 : 0;
    for (int k = 0; k < inputs; k++) {
      if (bf16) {
        long address = base + k * PanelKernels.BF16_STEP + (long) pair * Integer.BYTES;
        int bits = panels.get(ValueLayout.JAVA_INT, address) << shift;
        to[at + k] = Float.intBitsToFloat(bits & 0xffff0000);
      } else {
        long address = base + k * PanelKernels.F32_STEP + (long) lane * Float.BYTES;
        to[at + k] = panels.get(Lanes.FLOAT, address);
      }
    }
  }
}
