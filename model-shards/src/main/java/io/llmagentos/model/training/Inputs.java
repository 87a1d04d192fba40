package io.llmagentos.model.training;

import io.llmagentos.model.weights.TransformerConfig;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** A checked batch as the script reads it. */
final class Inputs {
  private final TransformerConfig config;
  private final Program program;
  private final Map<Input, long[]> values = new EnumMap<>(Input.class);
  private final int rows;
  private final int tokens;

  /** @param labelled with the rows that predict and their targets; otherwise all rows are wanted */
  Inputs(TransformerConfig config, Program program, Batch batch, boolean labelled) {
    this.config = config;
    this.program = program;
    rows = batch.inputIds().length;
    tokens = rows == 0 ? 0 : batch.inputIds()[0].length;
    if (rows == 0 || tokens == 0) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          "a batch of " + rows + " rows of " + tokens
              + " tokens has nothing to learn; give at least one token",
          "input_ids");
    }
    if (tokens > config.contextLength()) {
      throw new AgentOsException(
          ErrorCode.CONTEXT_LENGTH_EXCEEDED,
          "a row of " + tokens + " tokens is longer than the model's context of "
              + config.contextLength(),
          "input_ids");
    }
    put(Input.IDS, "input_ids", batch.inputIds(), config.vocabSize());
    positions(batch.positionIds());
    mask(batch.attentionMask());
    targets(labelled ? batch.requiredLabels() : null);
  }

  /** B. */
  int rows() {
    return rows;
  }

  /** How many rows predict. */
  int targets() {
    return array(Input.ROWS).length;
  }

  long[] array(Input input) {
    long[] array = values.get(input);
    if (array == null) {
      throw new IllegalStateException("no " + input);
    }
    return array;
  }

  private void put(Input input, String name, int[][] matrix, int limit) {
    values.put(input, flat(name, matrix, tokens, 0, limit));
  }

  private long[] flat(String name, int[][] matrix, int width, int from, int limit) {
    requireRows(name, matrix, width);
    long[] flat = new long[rows * width];
    for (int b = 0; b < rows; b++) {
      for (int t = 0; t < width; t++) {
        int value = matrix[b][t];
        if ((value < from || value >= limit)
            && !(name.equals("labels") && value == Batch.IGNORED)) {
          throw new AgentOsException(
              ErrorCode.INVALID_REQUEST,
              name + "[" + b + "][" + t + "] is " + value + ", expected " + from + " to "
                  + (limit - 1),
              name);
        }
        flat[b * width + t] = value;
      }
    }
    return flat;
  }

  private void requireRows(String name, int[][] matrix, int width) {
    boolean fits = matrix.length == rows;
    for (int[] row : matrix) {
      fits &= row.length == width;
    }
    if (!fits) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          name + " has rows of "
              + Arrays.toString(
                  Arrays.stream(matrix).mapToInt(row -> row.length).toArray())
              + ", expected " + rows + " of " + width + " each",
          name);
    }
  }

  private void positions(int @Nullable [][] positions) {
    if (positions == null) {
      values.put(
          Input.POSITIONS,
          IntStream.range(0, rows * tokens).mapToLong(i -> i % tokens).toArray());
    } else {
      put(Input.POSITIONS, "position_ids", positions, config.contextLength());
    }
  }

  private void mask(int @Nullable [][] mask) {
    long[] flat = mask == null ? new long[0] : flat("attention_mask", mask, tokens, 0, 2);
    boolean padded = Arrays.stream(flat).anyMatch(real -> real == 0);
    values.put(Input.MASK, padded ? flat : new long[0]);
  }

  private void targets(int @Nullable [][] labels) {
    if (labels == null) {
      int step = program.objective() == Program.Objective.ROW ? tokens : 1;
      values.put(
          Input.ROWS,
          IntStream.range(0, rows * tokens / step)
              .mapToLong(i -> (long) i * step)
              .toArray());
      values.put(Input.TARGETS, new long[0]);
      return;
    }
    int shift = program.objective() == Program.Objective.NEXT_TOKEN ? 1 : 0;
    int width = program.objective() == Program.Objective.ROW ? 1 : tokens;
    long[] flat = flat("labels", labels, width, 0, program.labels());
    int stride = tokens / width;
    int[] learnt = IntStream.range(0, flat.length)
        .filter(i -> i % width >= shift && flat[i] != Batch.IGNORED)
        .toArray();
    values.put(
        Input.ROWS,
        Arrays.stream(learnt).mapToLong(i -> (long) (i - shift) * stride).toArray());
    values.put(Input.TARGETS, Arrays.stream(learnt).mapToLong(i -> flat[i]).toArray());
  }
}
