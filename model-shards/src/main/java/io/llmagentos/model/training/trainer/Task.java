package io.llmagentos.model.training.trainer;

import io.llmagentos.model.tokenizer.Tokenizer;
import io.llmagentos.model.training.EngineSettings;
import io.llmagentos.model.training.Transformer;
import io.llmagentos.model.training.arguments.Argument;
import io.llmagentos.model.training.arguments.Arguments;
import io.llmagentos.model.training.arguments.ModelArguments;
import io.llmagentos.model.training.data.Collator;
import io.llmagentos.model.training.data.Corpus;
import io.llmagentos.model.training.data.Examples;
import io.llmagentos.model.weights.TransformerConfig;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * All that one kind of training has of its own: which models it trains, what it makes of the data, what an evaluation measures. What it refuses names the argument
 * or the file.
 */
interface Task {
  static Task of(Arguments arguments) {
    return switch (arguments.task()) {
      case LM_PRETRAIN, LM_FINETUNE -> new CausalText(arguments);
      case TOOLS_FINETUNE -> new ToolCalls(arguments);
      case MLM_PRETRAIN -> new MaskedText(arguments);
      case CLASSIFY_FINETUNE -> new Classification(arguments);
      case SEQ2SEQ_FINETUNE -> new TextToText(arguments);
      case SFT -> new Chats(arguments);
    };
  }

  /** What a model's directory says of it. Throws {@code MODEL_UNSUPPORTED} for one that it does not train. */
  TransformerConfig config(Path model);

  /** Whether the arguments fit the model, before its tokenizer is there. */
  void check(TransformerConfig config);

  /** Whether the model's directory and its tokenizer have what the arguments need. */
  void check(Path model, Tokenizer tokenizer) throws IOException;

  /** Write the examples of each split by its name, and into the model's directory what must be learnt from the data. */
  void prepare(Path model, Path data, Corpus.Splits splits, Tokenizer tokenizer) throws IOException;

  /** The examples of a split that {@link #prepare} wrote. */
  Examples open(Path data, String split, TransformerConfig config) throws IOException;

  /** How examples become a batch for a model. */
  Collator collator(Path model, TransformerConfig config) throws IOException;

  /** The same, of what is evaluated on. */
  default Collator evaluationCollator(Path model, TransformerConfig config) throws IOException {
    return collator(model, config);
  }

  /** Whether it makes the model's tokenizer itself, in {@link #layOut}. */
  default boolean makesTokenizer() {
    return false;
  }

  /** Write into the model's directory what must be there before the model's configuration and tokenizer are read. */
  default void layOut(Path model, Corpus train) throws IOException {}

  /** The model in a directory that has weights. */
  default Transformer load(Path model, EngineSettings engine) {
    return Transformer.load(model, engine);
  }

  /** What an evaluation measures beside the loss. */
  List<Metric> metrics();

  /** What {@code config.json} says of a model of one family. Throws {@code MODEL_UNSUPPORTED} for one of another. */
  static <C extends TransformerConfig> C config(
      Arguments arguments, Path model, Class<C> family, String modelType) {
    TransformerConfig config = TransformerConfig.read(model);
    if (!family.isInstance(config)) {
      throw new AgentOsException(
          ErrorCode.MODEL_UNSUPPORTED,
          model.resolve("config.json") + ": model_type " + config.modelType()
              + " is not supported by " + arguments.task().type() + "; supported: " + modelType);
    }
    return family.cast(config);
  }

  /** The argument that says where the tokenizer is, if it is not trained along. */
  static Argument<?> tokenizerArgument(Arguments arguments) {
    return arguments.find(ModelArguments.TOKENIZER_NAME).isPresent()
        ? ModelArguments.TOKENIZER_NAME
        : ModelArguments.MODEL_NAME_OR_PATH;
  }
}
