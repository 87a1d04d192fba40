package io.llmagentos.model.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.llmagentos.model.djl.TorchScript.Call;
import io.llmagentos.model.djl.TorchScript.Input;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class TorchScriptTest {
  // x [B,3] times p[0] [2,3], plus p[1] [2] times the first constant, squared
  private static final String SOURCE = """
      class Square(Module):
        __parameters__ = []
        __buffers__ = []
        def square(self: __torch__.Square, p: List[Tensor], x: Tensor, c: Tensor) -> Tensor:
          y = torch.linear(x, p[0], torch.mul(p[1], float(torch.select(c, 0, 0))))
          return torch.mul(y, y)
        def wide(self: __torch__.Square, p: List[Tensor], x: Tensor, c: Tensor) -> Tensor:
          return torch.sum(torch.tanh(torch.linear(x, p[0])), [1])
        def weighted(self: __torch__.Square, p: List[Tensor], x: Tensor, w: Tensor, c: Tensor) -> Tensor:
          return torch.mul(torch.linear(x, p[0], p[1]), torch.unsqueeze(w, 1))
      """;
  private static final float[] PARAMETERS = {9, 1, 2, 3, -1, 0.5f, 2, 0.25f, -4};
  private static final float[] X = {1, 0, -1, 2, 3, 0.5f};

  private static Call call(float[] parameters) {
    return new Call(
        "square",
        parameters,
        1,
        List.of(new long[] {2, 3}, new long[] {2}),
        List.of(new Input(X, new long[] {2, 3})),
        new double[] {2});
  }

  private static double loss(double[] p, double[] x, float[] slopes) {
    double sum = 0;
    for (int m = 0; m < 2; m++) {
      for (int j = 0; j < 2; j++) {
        double y = 2 * p[7 + j];
        for (int k = 0; k < 3; k++) {
          y += p[1 + j * 3 + k] * x[m * 3 + k];
        }
        sum += slopes[m * 2 + j] * y * y;
      }
    }
    return sum;
  }

  private static double[] moved(float[] from, int i, double by) {
    double[] to = new double[from.length];
    Arrays.setAll(to, k -> from[k] + (k == i ? by : 0));
    return to;
  }

  @Test
  void shouldComputeAMethodAndItsGradients() {
    float[] slopes = {1, -2, 0.5f, 3};
    float[] outputs = new float[4];
    float[] gradients = new float[PARAMETERS.length];
    float[] inputGradients = new float[X.length];
    try (var script = new TorchScript("Square", SOURCE)) {
      script.forward(call(PARAMETERS), outputs);
      script.backward(call(PARAMETERS), slopes, gradients, 1, inputGradients);
    }
    assertThat(outputs).containsExactly(2.25f, 121f, 100f, 56.25f);
    assertThat(gradients[0]).isZero();
    for (int i = 1; i < PARAMETERS.length; i++) {
      double expected = loss(moved(PARAMETERS, i, 0.5), moved(X, -1, 0), slopes)
          - loss(moved(PARAMETERS, i, -0.5), moved(X, -1, 0), slopes);
      assertThat((double) gradients[i]).isCloseTo(expected, within(1e-4));
    }
    for (int i = 0; i < X.length; i++) {
      double expected = loss(moved(PARAMETERS, -1, 0), moved(X, i, 0.5), slopes)
          - loss(moved(PARAMETERS, -1, 0), moved(X, i, -0.5), slopes);
      assertThat((double) inputGradients[i]).isCloseTo(expected, within(1e-4));
    }
  }

  @Test
  void shouldTakeSeveralInputs() {
    float[] outputs = new float[4];
    float[] gradients = new float[PARAMETERS.length];
    float[] inputGradients = new float[X.length];
    Call call = new Call(
        "weighted",
        PARAMETERS,
        1,
        List.of(new long[] {2, 3}, new long[] {2}),
        List.of(new Input(X, new long[] {2, 3}), new Input(new float[] {2, -1, 7}, new long[] {2})),
        new double[] {0});
    try (var script = new TorchScript("Square", SOURCE)) {
      script.forward(call, outputs);
      script.backward(call, new float[] {1, 0, 0, 1}, gradients, 1, inputGradients);
    }
    assertThat(outputs).containsExactly(-3.5f, -14f, -9.75f, 3.5f);
    // row 0 gets 2 times the first weights, row 1 minus the second ones
    assertThat(inputGradients).containsExactly(2, 4, 6, 1, -0.5f, -2);
    assertThat(gradients).containsExactly(0, 2, 0, -2, -2, -3, -0.5f, 2, -1);
  }

  @Test
  void shouldServeSeveralThreads() throws InterruptedException, ExecutionException {
    try (var script = new TorchScript("Square", SOURCE);
        var pool = Executors.newFixedThreadPool(4)) {
      List<Future<float[]>> all = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        float[] own = PARAMETERS.clone();
        own[7] = i;
        all.add(pool.submit(() -> {
          float[] gradients = new float[own.length];
          script.backward(call(own), new float[] {1, 0, 0, 0}, gradients, 1, null);
          return gradients;
        }));
      }
      for (int i = 0; i < all.size(); i++) {
        // d/db (x . w + 2 b)^2 of the first row and column: 4 (x . w + 2 b)
        assertThat(all.get(i).get()[7]).isEqualTo(4f * (-2 + 2 * i));
      }
    }
  }

  @Test
  void shouldLeaveNoNativeMemoryBehind() throws IOException {
    int size = 1000;
    float[] x = new float[size * 3];
    float[] outputs = new float[size];
    float[] gradients = new float[size * 3];
    long[] shape = {size, 3};
    List<Input> inputs = List.of(new Input(x, shape));
    Call wide = new Call("wide", new float[size * 3], 0, List.of(shape), inputs, new double[] {0});
    try (var script = new TorchScript("Square", SOURCE)) {
      long before = 0;
      for (int i = 0; i < 250; i++) {
        script.forward(wide, outputs);
        script.backward(wide, outputs, gradients, 0, null);
        if (i == 50) {
          before = resident();
        }
      }
      // 200 calls, each with a graph that holds 4 MB
      assertThat(resident() - before).isLessThan(200L << 20);
    }
  }

  /** Bytes that this process has in memory. */
  private static long resident() throws IOException {
    String pages = Files.readString(Path.of("/proc/self/statm")).split(" ", -1)[1];
    return Long.parseLong(pages) * 4096;
  }
}
