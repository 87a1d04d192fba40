package io.llmagentos.model.training.arguments;

/** How requests and calls are learnt; these are our own. */
public final class ToolArguments {
  /** How likely a value of a slot is exchanged for another that the slot has in the data. */
  public static final Argument<Double> VALUE_EXCHANGE_PROBABILITY =
      Argument.real("value_exchange_probability", 0.2, 0, 1);

  /** How likely a word outside of values is hidden. */
  public static final Argument<Double> WORD_MASK_PROBABILITY =
      Argument.real("word_mask_probability", 0.1, 0, 1);

  /** How likely a merge of a word's pieces is left out. */
  public static final Argument<Double> BPE_DROPOUT = Argument.real("bpe_dropout", 0.1, 0, 1);

  /** In how many rows the request itself is learnt too. */
  public static final Argument<Double> REQUEST_LOSS_PROBABILITY =
      Argument.real("request_loss_probability", 0.3, 0, 1);

  /** What the scores of a linear classifier over n-grams weigh beside the model's logits; 0: there is none. */
  public static final Argument<Double> NGRAM_WEIGHT = Argument.real("ngram_weight", 10, 0, 1000);

  private ToolArguments() {}
}
