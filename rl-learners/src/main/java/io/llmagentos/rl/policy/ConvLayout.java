package io.llmagentos.rl.policy;

import io.llmagentos.rl.random.Generator;
import java.util.ArrayList;
import java.util.List;

/** The convolutions of a picture, at the beginning: weight [filters][channels][height][width], bias [filters], layer by layer. */
final class ConvLayout implements Layout {
  private final ConvEncoder encoder;
  private final Initializer initializer;
  private final List<Segment> segments;
  private final int end;

  ConvLayout(ConvEncoder encoder, Initializer initializer) {
    this.encoder = encoder;
    this.initializer = initializer;
    List<Segment> all = new ArrayList<>();
    int at = 0;
    for (int i = 0; i < encoder.filters().size(); i++) {
      Convolution layer = encoder.filters().get(i);
      int[] weight = {
        layer.filters(), encoder.channels(i), layer.kernelHeight(), layer.kernelWidth()
      };
      all.add(new Segment(2 * i + ".weight", weight, at));
      at += all.getLast().length();
      all.add(new Segment(2 * i + ".bias", new int[] {layer.filters()}, at));
      at += layer.filters();
    }
    this.segments = List.copyOf(all);
    this.end = at;
  }

  /** Number of the first layer behind: in an {@code nn.Sequential} the flattening comes between. */
  int nextName() {
    return segments.isEmpty() ? 0 : segments.size() + 1;
  }

  @Override
  public List<Segment> segments() {
    return segments;
  }

  @Override
  public int end() {
    return end;
  }

  @Override
  public int outputWidth() {
    return encoder.outputWidth();
  }

  @Override
  public void initialise(Generator random, float[] parameters, int at) {
    for (int i = 0; i < segments.size(); i += 2) {
      Segment weight = segments.get(i);
      int out = weight.shape()[0];
      initializer.fill(
          random,
          out,
          weight.length() / out,
          Math.sqrt(2),
          parameters,
          at + weight.offset(),
          at + segments.get(i + 1).offset());
    }
  }
}
