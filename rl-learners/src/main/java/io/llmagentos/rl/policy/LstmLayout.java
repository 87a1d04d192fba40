package io.llmagentos.rl.policy;

import io.llmagentos.rl.random.Generator;
import java.util.List;

/** A long short-term memory, as PyTorch's {@code nn.LSTM} of one layer: the rows of input, forget, cell and output gate lie one after the other. */
final class LstmLayout implements Layout {
  private static final int GATES = 4;

  private final int inputWidth;
  private final int cells;
  private final Initializer initializer;
  private final int start;

  /** @param cells 0: no memory, what comes in goes out */
  LstmLayout(int inputWidth, int cells, Initializer initializer, int start) {
    this.inputWidth = inputWidth;
    this.cells = cells;
    this.initializer = initializer;
    this.start = start;
  }

  @Override
  public List<Segment> segments() {
    if (cells == 0) {
      return List.of();
    }
    int rows = GATES * cells;
    int recurrent = start + rows * inputWidth;
    int bias = recurrent + rows * cells;
    return List.of(
        new Segment("lstm.weight_ih_l0", new int[] {rows, inputWidth}, start),
        new Segment("lstm.weight_hh_l0", new int[] {rows, cells}, recurrent),
        new Segment("lstm.bias_ih_l0", new int[] {rows}, bias),
        new Segment("lstm.bias_hh_l0", new int[] {rows}, bias + rows));
  }

  @Override
  public int end() {
    return start + GATES * cells * (inputWidth + cells + 2);
  }

  @Override
  public int outputWidth() {
    return cells == 0 ? inputWidth : cells;
  }

  /** Gain 1: gates begin where they are nearly linear. */
  @Override
  public void initialise(Generator random, float[] parameters, int at) {
    List<Segment> all = segments();
    for (int i = 0; i < all.size() / 2; i++) {
      Segment weight = all.get(i);
      int bias = all.get(i + 2).offset();
      initializer.fill(
          random,
          GATES * cells,
          weight.length() / (GATES * cells),
          1,
          parameters,
          at + weight.offset(),
          at + bias);
    }
  }
}
