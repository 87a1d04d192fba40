package io.llmagentos.rl.policy;

/**
 * A named part of a flat parameter vector, row by row.
 *
 * @param name as PyTorch would say it, for example {@code actor.0.weight}
 * @param shape lengths of the dimensions, {@code [out][in]} for a weight
 * @param offset where it begins
 */
public record Segment(String name, int[] shape, int offset) {
  public Segment {
    shape = shape.clone();
  }

  @Override
  public int[] shape() {
    return shape.clone();
  }

  public int length() {
    int length = 1;
    for (int dimension : shape) {
      length *= dimension;
    }
    return length;
  }

  Segment at(String prefix, int base) {
    return new Segment(prefix + name, shape, base + offset);
  }
}
