package io.llmagentos.model.training;

import io.llmagentos.model.training.Graph.Value;
import io.llmagentos.model.weights.BertConfig;
import io.llmagentos.model.weights.Gpt2Config;
import io.llmagentos.model.weights.LlamaConfig;
import io.llmagentos.model.weights.ModelConfig;
import io.llmagentos.model.weights.T5Config;
import io.llmagentos.model.weights.TransformerConfig;
import org.jspecify.annotations.Nullable;

/** A family of models, written forwards. */
interface Program {
  /** Which rows predict what. */
  enum Objective {
    /** A token the one behind it. */
    NEXT_TOKEN,
    /** A token its own label. */
    SAME_TOKEN,
    /** The first token the row's label. */
    ROW
  }

  Objective objective();

  /** Hidden states of all tokens, behind the last norm. */
  Value body(Graph graph);

  /** What the output matrix multiplies, of the rows that predict. */
  default Value head(Graph graph, Value rows) {
    return rows;
  }

  /** The output matrix. */
  String outputWeight();

  default @Nullable String outputBias() {
    return null;
  }

  /** How many labels there are. */
  int labels();

  static Program of(TransformerConfig config) {
    return switch (config) {
      case ModelConfig model ->
        switch (model) {
          case Gpt2Config gpt2 -> new Gpt2Program(gpt2);
          case LlamaConfig llama -> new LlamaProgram(llama);
        };
      case BertConfig bert -> new BertProgram(bert);
      case T5Config t5 -> new T5Program(t5);
    };
  }
}
