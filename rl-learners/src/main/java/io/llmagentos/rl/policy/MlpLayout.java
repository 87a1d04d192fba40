package io.llmagentos.rl.policy;

import io.llmagentos.rl.random.Generator;
import java.util.ArrayList;
import java.util.List;

/** Fully connected layers: weight [out][in], bias [out], layer by layer. */
final class MlpLayout implements Layout {
  private final int[] widths;
  private final List<Mlp.Head> heads;
  private final Initializer initializer;
  private final int firstName;
  private final int start;

  /**
   * @param heads rows of the last layer; none: hidden layers alone
   * @param firstName number of the first layer, as in an {@code nn.Sequential}
   * @param start where the first layer lies
   */
  MlpLayout(
      int inputWidth,
      int[] hidden,
      List<Mlp.Head> heads,
      Initializer initializer,
      int firstName,
      int start) {
    this.widths = new int[hidden.length + (heads.isEmpty() ? 1 : 2)];
    this.widths[0] = inputWidth;
    System.arraycopy(hidden, 0, widths, 1, hidden.length);
    if (!heads.isEmpty()) {
      this.widths[hidden.length + 1] = heads.stream().mapToInt(Mlp.Head::width).sum();
    }
    this.heads = List.copyOf(heads);
    this.initializer = initializer;
    this.firstName = firstName;
    this.start = start;
  }

  int layers() {
    return widths.length - 1;
  }

  int in(int layer) {
    return widths[layer];
  }

  int out(int layer) {
    return widths[layer + 1];
  }

  @Override
  public int outputWidth() {
    return widths[layers()];
  }

  @Override
  public int end() {
    return weight(layers());
  }

  /** Where the weight of a layer begins. */
  int weight(int layer) {
    int at = start;
    for (int l = 0; l < layer; l++) {
      at += out(l) * in(l) + out(l);
    }
    return at;
  }

  int bias(int layer) {
    return weight(layer) + out(layer) * in(layer);
  }

  @Override
  public List<Segment> segments() {
    List<Segment> segments = new ArrayList<>();
    for (int l = 0; l < layers(); l++) {
      int weight = weight(l);
      int bias = bias(l);
      if (l < layers() - 1 || heads.size() < 2) {
        String name = String.valueOf(firstName + 2 * l);
        segments.add(new Segment(name + ".weight", new int[] {out(l), in(l)}, weight));
        segments.add(new Segment(name + ".bias", new int[] {out(l)}, bias));
        continue;
      }
      for (Mlp.Head head : heads) {
        segments.add(new Segment(head.name() + ".weight", new int[] {head.width(), in(l)}, weight));
        weight += head.width() * in(l);
      }
      for (Mlp.Head head : heads) {
        segments.add(new Segment(head.name() + ".bias", new int[] {head.width()}, bias));
        bias += head.width();
      }
    }
    return List.copyOf(segments);
  }

  @Override
  public List<long[]> shapes() {
    List<long[]> shapes = new ArrayList<>();
    for (int l = 0; l < layers(); l++) {
      shapes.add(new long[] {out(l), in(l)});
      shapes.add(new long[] {out(l)});
    }
    return shapes;
  }

  @Override
  public void initialise(Generator random, float[] parameters, int at) {
    int last = heads.isEmpty() ? layers() : layers() - 1;
    for (int l = 0; l < last; l++) {
      initializer.fill(
          random, out(l), in(l), Math.sqrt(2), parameters, at + weight(l), at + bias(l));
    }
    int row = 0;
    for (Mlp.Head head : heads) {
      initializer.fill(
          random,
          head.width(),
          in(last),
          head.gain(),
          parameters,
          at + weight(last) + row * in(last),
          at + bias(last) + row);
      row += head.width();
    }
  }
}
