package io.llmagentos.model.training.trainer;

import io.llmagentos.model.tokenizer.ChatTemplate;
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

/** A decoder learns what the assistant says in chats: TRL's {@code SFTTrainer} with the loss on the answers alone. */
record Chats(Arguments arguments) implements Task {
  @Override
  public ModelConfig config(Path model) {
    return ModelConfig.read(model);
  }

  @Override
  public void check(TransformerConfig config) {
    int unused = maxSeqLength(config);
  }

  private int maxSeqLength(TransformerConfig config) {
    return DataArguments.maxSeqLength(arguments, config.contextLength());
  }

  @Override
  public void check(Path model, Tokenizer tokenizer) {
    ChatTemplate unused = template(model);
  }

  private ChatTemplate template(Path model) {
    String argument = Task.tokenizerArgument(arguments).name();
    return ChatTemplate.load(model)
        .orElseThrow(() -> new AgentOsException(
            ErrorCode.SETTINGS_INVALID,
            argument + ": the tokenizer has no chat_template, neither in " + SpecialTokens.FILE
                + " nor as chat_template.jinja",
            argument));
  }

  @Override
  public void prepare(Path model, Path data, Corpus.Splits splits, Tokenizer tokenizer)
      throws IOException {
    ChatTemplate template = template(model);
    int length = maxSeqLength(config(model));
    for (Map.Entry<String, Corpus> split : splits.named().entrySet()) {
      Datasets.writeChats(data, split.getKey(), split.getValue(), template, tokenizer, length);
    }
  }

  @Override
  public Examples open(Path data, String split, TransformerConfig config) throws IOException {
    return Datasets.openExamples(data, split);
  }

  /** No token sees what fills up the row behind it. */
  @Override
  public Collator collator(Path model, TransformerConfig config) {
    return Collator.languageModel(0);
  }

  @Override
  public List<Metric> metrics() {
    return List.of(Metric.PERPLEXITY, Metric.ACCURACY);
  }
}
