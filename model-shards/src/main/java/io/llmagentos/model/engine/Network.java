package io.llmagentos.model.engine;

import org.jspecify.annotations.Nullable;

/** The layers of one model family. Owns its activations, of which there is one set: one pass at a time. */
interface Network {
  /** Run embedding and all layers; each row's hidden state is left for {@link #finish}. */
  void run(Rows rows, @Nullable Tap tap);

  /** Write row {@code row}'s hidden state after the final norm to {@code out}. */
  void finish(int row, float[] out, int at);

  /** The matrix that turns finished hidden states into logits. */
  Matrix output();

  /** Bytes of the matrices that one pass reads. */
  long weightBytes();

  /** Looks at hidden states on their way: 0 the embedding, i the output of layer i. */
  interface Tap {
    void hidden(int layer, float[] x, int stride, int rows);
  }

  /** The embedding of a token. */
  interface Lookup {
    void row(int token, float[] to, int at);
  }
}
