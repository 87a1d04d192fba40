package io.llmagentos.model.training.trainer;

import io.llmagentos.model.tokenizer.Tokenizer;
import io.llmagentos.model.tokenizer.Tokenizer.Truncation;
import io.llmagentos.model.training.EngineSettings;
import io.llmagentos.model.training.Transformer;
import io.llmagentos.model.training.arguments.Arguments;
import io.llmagentos.model.training.arguments.DataArguments;
import io.llmagentos.model.training.arguments.ModelArguments;
import io.llmagentos.model.training.data.Collator;
import io.llmagentos.model.training.data.Corpus;
import io.llmagentos.model.training.data.Datasets;
import io.llmagentos.model.training.data.Examples;
import io.llmagentos.model.training.data.Labels;
import io.llmagentos.model.weights.BertConfig;
import io.llmagentos.model.weights.TransformerConfig;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** An encoder learns to give texts one of several labels: {@code run_classification.py}. */
record Classification(Arguments arguments) implements Task {
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
  public void check(Path model, Tokenizer tokenizer) {}

  @Override
  public void prepare(Path model, Path data, Corpus.Splits splits, Tokenizer tokenizer)
      throws IOException {
    BertConfig config = config(model);
    Labels labels = labels(config, splits.train());
    BertFiles.put(model, config.withLabels(labels.names()));
    Truncation truncation = new Truncation(Truncation.Strategy.LONGEST_FIRST, maxSeqLength(config));
    try (Tokenizer cutting = Tokenizer.load(model, truncation)) {
      for (Map.Entry<String, Corpus> split : splits.named().entrySet()) {
        Datasets.writeClassification(
            data, split.getKey(), split.getValue(), arguments, cutting, labels);
      }
    }
  }

  /** Those of the model if it is a classifier, else those of the data. */
  private Labels labels(BertConfig config, Corpus train) throws IOException {
    Labels found = Labels.of(train, arguments.get(DataArguments.LABEL_COLUMN_NAME));
    boolean known = config.labels().containsAll(found.names());
    if (config.isClassifier()
        && (known || !arguments.get(ModelArguments.IGNORE_MISMATCHED_SIZES))) {
      return new Labels(config.labels());
    }
    if (found.names().size() < 2) {
      throw new AgentOsException(
          ErrorCode.DATASET_INVALID,
          "all rows of train_file have the label " + found.names()
              + ": nothing is to be told apart",
          DataArguments.LABEL_COLUMN_NAME.name());
    }
    return found;
  }

  @Override
  public Examples open(Path data, String split, TransformerConfig config) throws IOException {
    return Datasets.openExamples(data, split);
  }

  @Override
  public Collator collator(Path model, TransformerConfig config) {
    BertConfig bert = (BertConfig) config;
    List<String> labels = config(model).labels();
    if (!labels.equals(bert.labels())) {
      throw new AgentOsException(
          ErrorCode.CHECKPOINT_INVALID,
          "the checkpoint is for the labels " + bert.labels() + ", the data have " + labels);
    }
    return Collator.classification(BertFiles.padToken(bert));
  }

  @Override
  public Transformer load(Path model, EngineSettings engine) {
    return BertFiles.load(arguments, model, engine);
  }

  @Override
  public List<Metric> metrics() {
    return List.of(Metric.ACCURACY, Metric.F1);
  }
}
