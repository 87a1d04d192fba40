package io.llmagentos.rl.policy;

import java.util.List;

/**
 * A convolutional layer as RLlib's {@code conv_filters} say it, with padding "same": a side of length n becomes ceil(n / stride), and of the zeros around it
 * the odd one lies below or to the right.
 *
 * @param filters channels that it puts out
 * @param kernelHeight rows that a filter sees
 * @param kernelWidth columns that a filter sees
 * @param stride rows and columns between two positions
 */
public record Convolution(int filters, int kernelHeight, int kernelWidth, int stride) {
  public Convolution {
    if (filters < 1 || kernelHeight < 1 || kernelWidth < 1 || stride < 1) {
      throw new IllegalArgumentException("a convolution's numbers must be at least 1");
    }
  }

  /** {@code [filters, [height, width], stride]}. Throws IllegalArgumentException or ClassCastException. */
  public static Convolution parse(List<?> entry) {
    if (entry.size() != 3) {
      throw new IllegalArgumentException("not [filters, kernel, stride]");
    }
    if (!(entry.get(1) instanceof List<?> kernel)) {
      int size = whole(entry.get(1));
      return new Convolution(whole(entry.get(0)), size, size, whole(entry.get(2)));
    }
    if (kernel.size() != 2) {
      throw new IllegalArgumentException("a kernel is not [height, width]");
    }
    return new Convolution(
        whole(entry.get(0)), whole(kernel.get(0)), whole(kernel.get(1)), whole(entry.get(2)));
  }

  private static int whole(Object value) {
    Number number = (Number) value;
    if (number.doubleValue() != number.intValue()) {
      throw new IllegalArgumentException("not an integer");
    }
    return number.intValue();
  }

  /** What {@link #parse} reads. */
  public List<Object> toList() {
    return List.of(filters, List.of(kernelHeight, kernelWidth), stride);
  }

  int across(int length) {
    return Math.ceilDiv(length, stride);
  }

  /** Zeros around a side of {@code length}, both ends together. */
  int padding(int length, int kernel) {
    return Math.max((across(length) - 1) * stride + kernel - length, 0);
  }
}
