package io.llmagentos.model.training.trainer;

import io.llmagentos.model.functions.FunctionDirectory;
import io.llmagentos.model.functions.FunctionSets;
import io.llmagentos.model.functions.NgramClassifier;
import io.llmagentos.model.tokenizer.Tokenizer;
import io.llmagentos.model.tokenizer.training.ByteLevelBpeTrainer;
import io.llmagentos.model.training.arguments.Arguments;
import io.llmagentos.model.training.arguments.DataArguments;
import io.llmagentos.model.training.arguments.ModelArguments;
import io.llmagentos.model.training.arguments.ToolArguments;
import io.llmagentos.model.training.data.CallCollator;
import io.llmagentos.model.training.data.Collator;
import io.llmagentos.model.training.data.Corpus;
import io.llmagentos.model.training.data.Datasets;
import io.llmagentos.model.training.data.Examples;
import io.llmagentos.model.training.data.Requests;
import io.llmagentos.model.weights.ModelConfig;
import io.llmagentos.model.weights.TransformerConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A decoder learns to call functions: each function and each argument is a token, each value a part of the request. */
record ToolCalls(Arguments arguments) implements Task {
  @Override
  public ModelConfig config(Path model) {
    return ModelConfig.read(model);
  }

  @Override
  public boolean makesTokenizer() {
    return arguments.get(ModelArguments.CONFIG).isPresent();
  }

  @Override
  public void layOut(Path model, Corpus train) throws IOException {
    FunctionSets sets = Requests.sets(train, arguments.get(ToolArguments.NGRAM_WEIGHT));
    if (makesTokenizer()) {
      ByteLevelBpeTrainer trainer = ByteLevelBpeTrainer.uncased(
          arguments.get(ModelArguments.VOCAB_SIZE).orElseThrow(),
          FunctionDirectory.tokens(sets),
          FunctionDirectory.roles());
      Requests.showTo(trainer, train);
      trainer.train().write(model, Integer.MAX_VALUE);
    } else {
      FunctionDirectory.extend(model, sets);
    }
    sets.write(model);
    Files.deleteIfExists(model.resolve(NgramClassifier.FILE)); // of the model that was before
    if (sets.ngramWeight() > 0) {
      NgramClassifier.write(model, Requests.ngrams(train, sets));
    }
  }

  @Override
  public void check(TransformerConfig config) {
    int unused = maxLength(config);
  }

  private int maxLength(TransformerConfig config) {
    return DataArguments.maxSeqLength(arguments, config.contextLength());
  }

  @Override
  public void check(Path model, Tokenizer tokenizer) {}

  @Override
  public void prepare(Path model, Path data, Corpus.Splits splits, Tokenizer tokenizer)
      throws IOException {
    FunctionSets sets = FunctionSets.read(model);
    FunctionDirectory.writeChat(model, sets, tokenizer);
    int maxLength = maxLength(config(model));
    for (Map.Entry<String, Corpus> split : splits.named().entrySet()) {
      Requests.write(data, split.getKey(), split.getValue(), sets, tokenizer, maxLength);
    }
  }

  @Override
  public Examples open(Path data, String split, TransformerConfig config) throws IOException {
    return Datasets.openExamples(data, split);
  }

  @Override
  public Collator collator(Path model, TransformerConfig config) throws IOException {
    return collator(model, config, true);
  }

  @Override
  public Collator evaluationCollator(Path model, TransformerConfig config) throws IOException {
    return collator(model, config, false);
  }

  private Collator collator(Path model, TransformerConfig config, boolean varied)
      throws IOException {
    try (Tokenizer tokenizer = Tokenizer.load(model)) {
      return new CallCollator(model, tokenizer, arguments, maxLength(config), varied);
    }
  }

  @Override
  public List<Metric> metrics() {
    return List.of(Metric.FUNCTION_ACCURACY, Metric.EXACT_CALL);
  }
}
