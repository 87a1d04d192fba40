package io.llmagentos.model.training.data;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.model.training.arguments.DataArguments;
import java.io.IOException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** The labels of a classification, in the order of their numbers. Immutable. */
public final class Labels {
  private static final int SHOWN = 20;

  /** Numbers by their value, then texts. */
  private static final Comparator<String> BY_VALUE = Comparator.comparingLong(
          (String name) -> name.matches("-?\\d{1,18}") ? Long.parseLong(name) : Long.MAX_VALUE)
      .thenComparing(Comparator.naturalOrder());

  private final List<String> names;
  private final Map<String, Integer> ids = new HashMap<>();

  /** Labels that a model knows already. */
  public Labels(List<String> names) {
    this.names = List.copyOf(names);
    for (int id = 0; id < this.names.size(); id++) {
      ids.putIfAbsent(this.names.get(id), id);
    }
  }

  /** Those of a corpus: sorted, numbers by their value and before texts. */
  public static Labels of(Corpus corpus, String column) throws IOException {
    TreeSet<String> found = new TreeSet<>(BY_VALUE);
    corpus.forEach(row -> found.add(name(row, column)));
    return new Labels(List.copyOf(found));
  }

  public List<String> names() {
    return names;
  }

  /** The label's number. Throws {@code DATASET_INVALID} for one that is not known. */
  int id(Row row, String column) {
    String name = name(row, column);
    Integer id = ids.get(name);
    if (id == null) {
      String known = names.stream().limit(SHOWN).collect(Collectors.joining(", "));
      throw row.invalid(
          "has the unknown label '" + name + "'; known are " + names.size() + ": " + known
              + (names.size() > SHOWN ? ", ..." : ""),
          DataArguments.LABEL_COLUMN_NAME.name());
    }
    return id;
  }

  private static String name(Row row, String column) {
    JsonNode value = row.object().column(DataArguments.LABEL_COLUMN_NAME, column);
    if (!value.isValueNode()) {
      throw row.invalid(
          "has in column " + column + " no label but " + value.getNodeType(),
          DataArguments.LABEL_COLUMN_NAME.name());
    }
    return value.asText();
  }
}
