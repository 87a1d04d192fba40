package io.llmagentos.rl.policy;

import java.util.List;

/**
 * Convolutions over a picture.
 *
 * @param height rows of the picture
 * @param width columns of the picture
 * @param channels numbers a pixel; the picture is [height][width][channels]
 * @param filters layer by layer; none: there is no picture
 * @param activation after each
 */
public record ConvEncoder(
    int height, int width, int channels, List<Convolution> filters, Activation activation) {
  /** No picture. */
  public static final ConvEncoder NONE = new ConvEncoder(0, 0, 0, List.of(), Activation.RELU);

  public ConvEncoder {
    filters = List.copyOf(filters);
  }

  /** Numbers of the picture. */
  int inputWidth() {
    return filters.isEmpty() ? 0 : height * width * channels;
  }

  /** Numbers that come out, [channels][height][width]. */
  int outputWidth() {
    if (filters.isEmpty()) {
      return 0;
    }
    int h = height;
    int w = width;
    for (Convolution layer : filters) {
      h = layer.across(h);
      w = layer.across(w);
    }
    return filters.getLast().filters() * h * w;
  }

  /** Channels that a layer sees. */
  int channels(int layer) {
    return layer == 0 ? channels : filters.get(layer - 1).filters();
  }
}
