package io.llmagentos.model.weights;

import java.util.Arrays;
import java.util.stream.Stream;

/**
 * A tensor that training changes, under its name in Hugging Face's files, and how it begins.
 *
 * @param mean of the normal distribution that it is drawn from
 * @param deviation of that distribution; 0 for a constant
 * @param zeroRow the row that begins as zeros (an embedding's padding), or -1
 */
public record Parameter(String name, long[] shape, double mean, double deviation, int zeroRow) {
  public Parameter {
    shape = shape.clone();
  }

  /** A weight that is drawn around 0. */
  static Parameter normal(String name, double deviation, long... shape) {
    return new Parameter(name, shape, 0, deviation, -1);
  }

  /** A weight of this value. */
  static Parameter constant(String name, double value, long... shape) {
    return new Parameter(name, shape, value, 0, -1);
  }

  /** The same, with zeros in {@code row}; -1 for none. */
  Parameter withZeroRow(int row) {
    return new Parameter(name, shape, mean, deviation, row);
  }

  public int elements() {
    return Math.toIntExact(Tensor.elements(shape));
  }

  /** Whether weight decay is for it: matrices and embeddings, not biases and the weights of norms. */
  public boolean decays() {
    return shape.length > 1;
  }

  /** Whether it belongs to what a task puts on top of the model. */
  public boolean head() {
    return Stream.of("lm_head.", "cls.", "bert.pooler.", "classifier.").anyMatch(name::startsWith);
  }

  @Override
  public String toString() {
    return name + Arrays.toString(shape);
  }
}
