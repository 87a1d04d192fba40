package io.llmagentos.model.training.data;

import io.llmagentos.model.tokenizer.ChatTemplate;
import io.llmagentos.model.tokenizer.Tokenizer;
import io.llmagentos.model.tokenizer.training.ByteLevelBpeTrainer;
import io.llmagentos.model.tokenizer.training.CharacterTrainer;
import io.llmagentos.model.tokenizer.training.TokenizerTrainer;
import io.llmagentos.model.tokenizer.training.TrainedTokenizer;
import io.llmagentos.model.tokenizer.training.WordPieceTrainer;
import io.llmagentos.model.training.arguments.Argument;
import io.llmagentos.model.training.arguments.Arguments;
import io.llmagentos.model.training.arguments.DataArguments;
import io.llmagentos.model.training.arguments.ModelArguments;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalInt;

/**
 * Writes corpora as tokens under a name into a directory, row by row, so that memory does not grow with them, and maps what was written. All of it throws
 * {@code DATASET_INVALID} with file and line for what cannot be learnt from.
 */
public final class Datasets {
  private Datasets() {}

  /** Trains the tokenizer that {@code tokenizer_type} and {@code vocab_size} ask for. */
  public static TrainedTokenizer trainTokenizer(Corpus corpus, Arguments arguments)
      throws IOException {
    int vocabSize = arguments.get(ModelArguments.VOCAB_SIZE).orElse(0);
    TokenizerTrainer trainer =
        switch (arguments.get(ModelArguments.TOKENIZER_TYPE).orElseThrow()) {
          case BYTE_LEVEL_BPE -> new ByteLevelBpeTrainer(vocabSize);
          case WORDPIECE -> new WordPieceTrainer(vocabSize);
          case CHARACTER -> new CharacterTrainer();
        };
    String column = arguments.get(DataArguments.TEXT_COLUMN_NAME);
    corpus.forEach(row ->
        trainer.add(row.text(DataArguments.TEXT_COLUMN_NAME, column, keepsBreaks(arguments))));
    return trainer.train();
  }

  private static boolean keepsBreaks(Arguments arguments) {
    return arguments.has(DataArguments.KEEP_LINEBREAKS)
        && arguments.get(DataArguments.KEEP_LINEBREAKS);
  }

  /**
   * Writes one stream of tokens, for language models. A row (a line of text, the text of an object) is tokenized by itself, with the special tokens that the
   * tokenizer adds, as {@code run_clm.py} does; nothing else stands between rows or documents.
   *
   * @param endOfDocument written after each file of text and each object, if given
   */
  public static void writeText(
      Path directory,
      String name,
      Corpus corpus,
      Arguments arguments,
      Tokenizer tokenizer,
      OptionalInt endOfDocument)
      throws IOException {
    String column = arguments.get(DataArguments.TEXT_COLUMN_NAME);
    boolean breaks = keepsBreaks(arguments);
    try (var tokens =
        new TokenShardWriter(directory, name, tokenizer.vocabulary().size())) {
      corpus.forEach(row -> {
        String text = row.text(DataArguments.TEXT_COLUMN_NAME, column, breaks);
        tokens.add(tokenizer.ids(text, true));
        if (row.endsDocument() && endOfDocument.isPresent()) {
          tokens.add(endOfDocument.getAsInt());
        }
      });
      tokens.finish();
    }
  }

  /**
   * Blocks of the stream; what is left at its end is dropped.
   *
   * @param argument that says how long a block is, for messages
   */
  public static Examples openText(Path directory, String name, int blockSize, Argument<?> argument)
      throws IOException {
    PackedExamples examples = new PackedExamples(directory, name, blockSize);
    if (examples.size() == 0) {
      examples.close();
      throw new AgentOsException(
          ErrorCode.DATASET_INVALID,
          "the " + name + " data have fewer tokens than one block of " + blockSize,
          argument.name());
    }
    return examples;
  }

  /**
   * Writes texts with a label each.
   *
   * @param tokenizer cuts at {@code max_seq_length}
   */
  public static void writeClassification(
      Path directory,
      String name,
      Corpus corpus,
      Arguments arguments,
      Tokenizer tokenizer,
      Labels labels)
      throws IOException {
    String text = arguments.get(DataArguments.TEXT_COLUMN_NAME);
    String label = arguments.get(DataArguments.LABEL_COLUMN_NAME);
    ExampleStore.write(
        directory,
        name,
        corpus,
        row -> new Example(
            tokenizer.ids(row.object().text(DataArguments.TEXT_COLUMN_NAME, text), true),
            new int[] {labels.id(row, label)}));
  }

  /**
   * Writes texts with a text each.
   *
   * @param source cuts at {@code max_source_length}
   * @param target cuts at {@code max_target_length}
   */
  public static void writeSeq2Seq(
      Path directory,
      String name,
      Corpus corpus,
      Arguments arguments,
      Tokenizer source,
      Tokenizer target)
      throws IOException {
    String from = arguments.get(DataArguments.TEXT_COLUMN);
    String to = arguments.get(DataArguments.SUMMARY_COLUMN);
    String prefix = arguments.get(DataArguments.SOURCE_PREFIX);
    ExampleStore.write(directory, name, corpus, row -> {
      Row.Columns columns = row.object();
      return new Example(
          source.ids(prefix + columns.text(DataArguments.TEXT_COLUMN, from), true),
          target.ids(columns.text(DataArguments.SUMMARY_COLUMN, to), true));
    });
  }

  /** Writes chats of which the assistant's answers are learnt. */
  public static void writeChats(
      Path directory,
      String name,
      Corpus corpus,
      ChatTemplate template,
      Tokenizer tokenizer,
      int maxSeqLength)
      throws IOException {
    ExampleStore.write(directory, name, corpus, new ChatRows(template, tokenizer, maxSeqLength));
  }

  /** What was written as classification, text from text, or chats. */
  public static Examples openExamples(Path directory, String name) throws IOException {
    ExampleStore examples = ExampleStore.open(directory, name);
    if (examples.size() == 0) {
      examples.close();
      throw new AgentOsException(
          ErrorCode.DATASET_INVALID, "the " + name + " data have no examples", null);
    }
    return examples;
  }
}
