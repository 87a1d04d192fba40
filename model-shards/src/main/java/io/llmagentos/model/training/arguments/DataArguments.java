package io.llmagentos.model.training.arguments;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.settings.ValueType;
import java.util.List;
import java.util.Optional;

/** What it is trained on: the {@code DataTrainingArguments} of Hugging Face's examples. */
public final class DataArguments {
  private static final int DEFAULT_LENGTH = 1024;

  /** Files, directories or globs of text and JSON lines. */
  public static final Argument<List<String>> TRAIN_FILE = Argument.texts("train_file");

  public static final Argument<List<String>> VALIDATION_FILE = Argument.texts("validation_file");

  /** How much of the training data, from its beginning, an evaluation takes where there is no {@code validation_file}. */
  public static final Argument<Integer> VALIDATION_SPLIT_PERCENTAGE =
      new Argument<>("validation_split_percentage", 5, ValueType.integer(0, 99));

  /** Tokens of an example; by default the model's context, at most 1024. */
  public static final Argument<Optional<Integer>> BLOCK_SIZE =
      Argument.optional("block_size", ValueType.integer(1));

  /** Whether a text file's lines keep their ends. */
  public static final Argument<Boolean> KEEP_LINEBREAKS = Argument.flag("keep_linebreaks", true);

  /** Whether each document (a text file, a row of JSON lines) ends with the tokenizer's end token: Megatron's word. */
  public static final Argument<Boolean> APPEND_EOD = Argument.flag("append_eod", false);

  /** Tokens of an example at most; longer ones are cut. By default the model's context, at most 1024. */
  public static final Argument<Optional<Integer>> MAX_SEQ_LENGTH =
      Argument.optional("max_seq_length", ValueType.integer(2));

  /** How many of the tokens are hidden; at least one of each example. */
  public static final Argument<Double> MLM_PROBABILITY =
      Argument.real("mlm_probability", 0.15, 0, 1);

  /** Where JSON lines have the text. */
  public static final Argument<String> TEXT_COLUMN_NAME = Argument.text("text_column_name", "text");

  public static final Argument<String> LABEL_COLUMN_NAME =
      Argument.text("label_column_name", "label");

  /** Where JSON lines have what is read. */
  public static final Argument<String> TEXT_COLUMN = Argument.text("text_column", "text");

  /** Where JSON lines have what is to be written. */
  public static final Argument<String> SUMMARY_COLUMN = Argument.text("summary_column", "summary");

  /** Stands before each source, as T5 was taught its tasks. */
  public static final Argument<String> SOURCE_PREFIX = Argument.text("source_prefix", "");

  public static final Argument<Integer> MAX_SOURCE_LENGTH =
      Argument.integer("max_source_length", 1024, 1);

  public static final Argument<Integer> MAX_TARGET_LENGTH =
      Argument.integer("max_target_length", 128, 1);

  /** A longer line is no text. Ours: Hugging Face has no limit. */
  public static final Argument<Integer> MAX_LINE_BYTES =
      new Argument<>("max_line_bytes", 4 << 20, ValueType.integer(1 << 10, 1 << 30));

  private DataArguments() {}

  /** Tokens of a packed example. Throws {@code SETTINGS_INVALID} for more than the model's context. */
  public static int blockSize(Arguments arguments, int contextLength) {
    return within(
        BLOCK_SIZE,
        arguments.get(BLOCK_SIZE).orElse(Math.min(DEFAULT_LENGTH, contextLength)),
        contextLength);
  }

  /** Tokens of an example at most. Throws {@code SETTINGS_INVALID} for more than the model's context. */
  public static int maxSeqLength(Arguments arguments, int contextLength) {
    return within(
        MAX_SEQ_LENGTH,
        arguments.get(MAX_SEQ_LENGTH).orElse(Math.min(DEFAULT_LENGTH, contextLength)),
        contextLength);
  }

  private static int within(Argument<?> argument, int length, int contextLength) {
    if (length > contextLength) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID,
          argument + " is " + length + ", must be at most the model's context of " + contextLength
              + " tokens",
          argument.name());
    }
    return length;
  }
}
