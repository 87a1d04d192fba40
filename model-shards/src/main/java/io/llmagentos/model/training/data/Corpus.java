package io.llmagentos.model.training.data;

import io.llmagentos.model.training.arguments.Argument;
import io.llmagentos.model.training.arguments.Arguments;
import io.llmagentos.model.training.arguments.DataArguments;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * Rows of files in their order, read again and again, never held. Immutable.
 *
 * @param from the first row
 * @param to behind the last row
 */
public record Corpus(List<Path> files, int maxLineBytes, long from, long to) {
  public Corpus {
    files = List.copyOf(files);
  }

  /** What is done with each row. */
  interface RowConsumer {
    void accept(Row row) throws IOException;
  }

  /**
   * What is learnt and what is evaluated on.
   *
   * @param validation empty where nothing is evaluated
   */
  public record Splits(Corpus train, Optional<Corpus> validation) {
    public static final String TRAIN = "train";
    public static final String VALIDATION = "validation";

    /** Those that there are, by their names. */
    public SequencedMap<String, Corpus> named() {
      SequencedMap<String, Corpus> named = new LinkedHashMap<>();
      named.put(TRAIN, train);
      validation.ifPresent(corpus -> named.put(VALIDATION, corpus));
      return named;
    }
  }

  /**
   * What the arguments name. Where a validation is needed and has no files, it takes the first {@code validation_split_percentage} of the rows, and the training
   * does without them. Throws {@code DATASET_INVALID}.
   */
  public static Splits of(Arguments arguments) throws IOException {
    Corpus train = of(arguments, DataArguments.TRAIN_FILE);
    if (!arguments.evaluates()) {
      return new Splits(train, Optional.empty());
    }
    if (!arguments.get(DataArguments.VALIDATION_FILE).isEmpty()) {
      return new Splits(train, Optional.of(of(arguments, DataArguments.VALIDATION_FILE)));
    }
    int percentage = arguments.get(DataArguments.VALIDATION_SPLIT_PERCENTAGE);
    long rows = train.countRows();
    long first = Math.round(rows * (percentage / 100.0));
    if (first == 0 || first == rows) {
      throw new AgentOsException(
          ErrorCode.DATASET_INVALID,
          DataArguments.VALIDATION_SPLIT_PERCENTAGE + " is " + percentage + ": of " + rows
              + " rows that leaves none to "
              + (first == 0 ? "evaluate on" : "learn from"),
          DataArguments.VALIDATION_SPLIT_PERCENTAGE.name());
    }
    return new Splits(
        new Corpus(train.files, train.maxLineBytes, first, rows),
        Optional.of(new Corpus(train.files, train.maxLineBytes, 0, first)));
  }

  /** Whether there are files where the arguments say. Throws {@code DATASET_INVALID}. */
  public static void requireFiles(Arguments arguments) throws IOException {
    Corpus unused = of(arguments, DataArguments.TRAIN_FILE);
    if (!arguments.get(DataArguments.VALIDATION_FILE).isEmpty()) {
      unused = of(arguments, DataArguments.VALIDATION_FILE);
    }
  }

  private static Corpus of(Arguments arguments, Argument<List<String>> files) throws IOException {
    return new Corpus(
        DataFiles.of(files.name(), arguments.get(files)),
        arguments.get(DataArguments.MAX_LINE_BYTES),
        0,
        Long.MAX_VALUE);
  }

  long countRows() throws IOException {
    long[] rows = {0};
    forEach(row -> rows[0]++);
    return rows[0];
  }

  /** Reads all rows. Throws {@code DATASET_INVALID} at the first that cannot be read. */
  void forEach(RowConsumer consumer) throws IOException {
    long index = 0;
    for (Path file : files) {
      boolean json = DataFiles.isJsonLines(file);
      try (LineReader lines = new LineReader(file, maxLineBytes)) {
        for (String line = lines.next(); line != null; line = lines.next()) {
          if (json && line.isBlank()) {
            continue;
          }
          if (index >= to) {
            return;
          }
          if (index++ >= from) {
            consumer.accept(new Row(file, lines.line(), line, json || lines.atEnd()));
          }
        }
      }
    }
  }
}
