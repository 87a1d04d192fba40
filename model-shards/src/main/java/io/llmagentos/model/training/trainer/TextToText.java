package io.llmagentos.model.training.trainer;

import io.llmagentos.model.tokenizer.Tokenizer;
import io.llmagentos.model.tokenizer.Tokenizer.Truncation;
import io.llmagentos.model.training.arguments.Argument;
import io.llmagentos.model.training.arguments.Arguments;
import io.llmagentos.model.training.arguments.DataArguments;
import io.llmagentos.model.training.data.Collator;
import io.llmagentos.model.training.data.Corpus;
import io.llmagentos.model.training.data.Datasets;
import io.llmagentos.model.training.data.Examples;
import io.llmagentos.model.weights.T5Config;
import io.llmagentos.model.weights.TransformerConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** An encoder and a decoder learn to write a text for a text: {@code run_summarization.py}. */
record TextToText(Arguments arguments) implements Task {
  @Override
  public T5Config config(Path model) {
    return Task.config(arguments, model, T5Config.class, "t5");
  }

  /** Its context has no limit. */
  @Override
  public void check(TransformerConfig config) {}

  @Override
  public void check(Path model, Tokenizer tokenizer) {}

  @Override
  public void prepare(Path model, Path data, Corpus.Splits splits, Tokenizer tokenizer)
      throws IOException {
    try (Tokenizer source = cutting(model, DataArguments.MAX_SOURCE_LENGTH);
        Tokenizer target = cutting(model, DataArguments.MAX_TARGET_LENGTH)) {
      for (Map.Entry<String, Corpus> split : splits.named().entrySet()) {
        Datasets.writeSeq2Seq(data, split.getKey(), split.getValue(), arguments, source, target);
      }
    }
  }

  private Tokenizer cutting(Path model, Argument<Integer> length) {
    return Tokenizer.load(
        model, new Truncation(Truncation.Strategy.LONGEST_FIRST, arguments.get(length)));
  }

  @Override
  public Examples open(Path data, String split, TransformerConfig config) throws IOException {
    return Datasets.openExamples(data, split);
  }

  @Override
  public Collator collator(Path model, TransformerConfig config) {
    T5Config t5 = (T5Config) config;
    return Collator.seq2seq(t5.padTokenId(), t5.decoderStartTokenId());
  }

  @Override
  public List<Metric> metrics() {
    return List.of(Metric.ACCURACY);
  }
}
