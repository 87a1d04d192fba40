package io.llmagentos.model.training;

import java.util.ArrayList;
import java.util.List;

/** The size of a Llama decoder with as many key-value heads as heads and with tied embeddings. */
public record DecoderShape(
    int vocabulary, int width, int layers, int heads, int inner, int maxTokens) {

  /** The epsilon of RMSNorm. */
  public static final double EPSILON = 1e-5;

  /** The base of the rotary frequencies. */
  public static final double ROPE_THETA = 10_000;

  public DecoderShape {
    if (width % heads != 0 || width / heads % 2 != 0) {
      throw new IllegalArgumentException(
          "width " + width + " over " + heads
              + " heads leaves no even head size; choose a width that is a multiple of twice the heads");
    }
  }

  public int headSize() {
    return width / heads;
  }

  /** The parameters' shapes in the order of decoder.py: matrices, then norms. */
  List<long[]> parameters() {
    var shapes = new ArrayList<long[]>();
    shapes.add(new long[] {vocabulary, width});
    for (int i = 0; i < layers; i++) {
      shapes.add(new long[] {3L * width, width});
      shapes.add(new long[] {width, width});
      shapes.add(new long[] {2L * inner, width});
      shapes.add(new long[] {width, inner});
    }
    for (int i = 0; i < 2 * layers + 1; i++) {
      shapes.add(new long[] {width});
    }
    return shapes;
  }

  public long parameterCount() {
    return parameters().stream()
        .mapToLong(s -> s.length == 1 ? s[0] : s[0] * s[1])
        .sum();
  }
}
