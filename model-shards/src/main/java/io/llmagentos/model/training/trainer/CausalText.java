package io.llmagentos.model.training.trainer;

import io.llmagentos.model.tokenizer.Tokenizer;
import io.llmagentos.model.training.arguments.Arguments;
import io.llmagentos.model.training.arguments.DataArguments;
import io.llmagentos.model.training.data.Collator;
import io.llmagentos.model.training.data.Corpus;
import io.llmagentos.model.training.data.Datasets;
import io.llmagentos.model.training.data.Examples;
import io.llmagentos.model.weights.ModelConfig;
import io.llmagentos.model.weights.TransformerConfig;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** A decoder learns to go on with texts: {@code run_clm.py}. */
record CausalText(Arguments arguments) implements Task {
  @Override
  public ModelConfig config(Path model) {
    return ModelConfig.read(model);
  }

  @Override
  public void check(TransformerConfig config) {
    int blockSize = blockSize(config);
    if (blockSize < 2) {
      throw invalid(
          DataArguments.BLOCK_SIZE.name(),
          "is " + blockSize + ", must be at least 2: of one token nothing is learnt");
    }
  }

  private int blockSize(TransformerConfig config) {
    return DataArguments.blockSize(arguments, config.contextLength());
  }

  @Override
  public void check(Path model, Tokenizer tokenizer) throws IOException {
    OptionalInt unused = endOfDocument(model, tokenizer);
  }

  private OptionalInt endOfDocument(Path model, Tokenizer tokenizer) throws IOException {
    if (!arguments.get(DataArguments.APPEND_EOD)) {
      return OptionalInt.empty();
    }
    OptionalInt end = SpecialTokens.id(model, tokenizer, "eos_token");
    if (end.isEmpty()) {
      throw invalid(DataArguments.APPEND_EOD.name(), "is true, and the tokenizer has no eos_token");
    }
    return end;
  }

  private static AgentOsException invalid(String argument, String what) {
    return new AgentOsException(ErrorCode.SETTINGS_INVALID, argument + " " + what, argument);
  }

  @Override
  public void prepare(Path model, Path data, Corpus.Splits splits, Tokenizer tokenizer)
      throws IOException {
    OptionalInt end = endOfDocument(model, tokenizer);
    for (Map.Entry<String, Corpus> split : splits.named().entrySet()) {
      Datasets.writeText(data, split.getKey(), split.getValue(), arguments, tokenizer, end);
    }
  }

  @Override
  public Examples open(Path data, String split, TransformerConfig config) throws IOException {
    return Datasets.openText(data, split, blockSize(config), DataArguments.BLOCK_SIZE);
  }

  /** Blocks are full: nothing is padded. */
  @Override
  public Collator collator(Path model, TransformerConfig config) {
    return Collator.languageModel(0);
  }

  @Override
  public List<Metric> metrics() {
    return List.of(Metric.PERPLEXITY, Metric.ACCURACY);
  }
}
