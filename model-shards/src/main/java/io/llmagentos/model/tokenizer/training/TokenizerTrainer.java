package io.llmagentos.model.tokenizer.training;

/** Learns a tokenizer: first it sees texts, then it is asked for the tokenizer. What it keeps grows with the different words, not with the texts. Not thread-safe. */
public interface TokenizerTrainer {
  void add(String text);

  /**
   * The tokenizer of the texts so far; the same texts give the same one. It has fewer tokens than asked for when the texts do not give as many.
   *
   * @throws io.llmagentos.node.error.AgentOsException {@code SETTINGS_INVALID} where more are needed
   */
  TrainedTokenizer train();
}
