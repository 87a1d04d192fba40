package io.llmagentos.model.training.trainer;

import io.llmagentos.model.tokenizer.Tokenizer;
import io.llmagentos.model.training.EngineSettings;
import io.llmagentos.model.training.Transformer;
import io.llmagentos.model.training.arguments.Arguments;
import io.llmagentos.model.training.arguments.DataArguments;
import io.llmagentos.model.training.arguments.TrainingArguments;
import io.llmagentos.model.training.data.Collator;
import io.llmagentos.model.training.data.Corpus;
import io.llmagentos.model.training.data.Datasets;
import io.llmagentos.model.training.data.Examples;
import io.llmagentos.model.training.data.MaskingCollator;
import io.llmagentos.model.weights.BertConfig;
import io.llmagentos.model.weights.TransformerConfig;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** An encoder learns to fill in what is hidden in texts: {@code run_mlm.py}. */
record MaskedText(Arguments arguments) implements Task {
  /** Of tokenizers whose files do not say it, as BERT's first ones. */
  private static final String MASK = "[MASK]";

  @Override
  public BertConfig config(Path model) {
    return BertFiles.config(arguments, model);
  }

  @Override
  public void check(TransformerConfig config) {
    int unused = maxSeqLength(config);
  }

  private int maxSeqLength(TransformerConfig config) {
    return DataArguments.maxSeqLength(arguments, config.contextLength());
  }

  @Override
  public void check(Path model, Tokenizer tokenizer) throws IOException {
    int unused = maskToken(model, tokenizer);
  }

  private int maskToken(Path model, Tokenizer tokenizer) throws IOException {
    int mask = SpecialTokens.id(model, tokenizer, "mask_token")
        .orElse(tokenizer.vocabulary().id(MASK));
    if (mask < 0) {
      String argument = Task.tokenizerArgument(arguments).name();
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID, argument + ": the tokenizer has no mask_token", argument);
    }
    return mask;
  }

  @Override
  public void prepare(Path model, Path data, Corpus.Splits splits, Tokenizer tokenizer)
      throws IOException {
    BertFiles.put(model, config(model).withLabels(List.of()));
    for (Map.Entry<String, Corpus> split : splits.named().entrySet()) {
      Datasets.writeText(
          data, split.getKey(), split.getValue(), arguments, tokenizer, OptionalInt.empty());
    }
  }

  @Override
  public Examples open(Path data, String split, TransformerConfig config) throws IOException {
    return Datasets.openText(data, split, maxSeqLength(config), DataArguments.MAX_SEQ_LENGTH);
  }

  @Override
  public Collator collator(Path model, TransformerConfig config) throws IOException {
    try (Tokenizer tokenizer = Tokenizer.load(model)) {
      return new MaskingCollator(
          BertFiles.padToken((BertConfig) config),
          maskToken(model, tokenizer),
          tokenizer.vocabulary().size(),
          tokenizer.vocabulary().added(),
          arguments.get(DataArguments.MLM_PROBABILITY),
          arguments.get(TrainingArguments.SEED));
    }
  }

  @Override
  public Transformer load(Path model, EngineSettings engine) {
    return BertFiles.load(arguments, model, engine);
  }

  @Override
  public List<Metric> metrics() {
    return List.of(Metric.PERPLEXITY, Metric.ACCURACY);
  }
}
