package io.llmagentos.model.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.llmagentos.model.training.Program.Objective;
import io.llmagentos.model.weights.BertConfig;
import io.llmagentos.model.weights.T5Config;
import io.llmagentos.model.weights.TransformerConfig;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** A batch, checked against a model, as the model's script reads it. */
final class Inputs {
  private final TransformerConfig config;
  private final Program program;
  private final Map<Input, long[]> values = new EnumMap<>(Input.class);
  private final int rows;
  private final int tokens;
  /** Of the rows that predict: T, or U of a decoder that has an encoder. */
  private final int predicting;

  private final double smoothing;

  /** For the results of all rows. */
  Inputs(TransformerConfig config, Program program, Batch batch) {
    this(config, program, batch, false, 0);
  }

  /** With the rows that predict and their targets. */
  Inputs(TransformerConfig config, Program program, Batch batch, double smoothing) {
    this(config, program, batch, true, smoothing);
  }

  private Inputs(
      TransformerConfig config, Program program, Batch batch, boolean labelled, double smoothing) {
    this.config = config;
    this.program = program;
    this.smoothing = smoothing;
    rows = batch.inputIds().length;
    tokens = width("input_ids", batch.inputIds());
    put(Input.IDS, "input_ids", batch.inputIds(), config.vocabSize());
    positions(batch.positionIds());
    types(batch.tokenTypeIds());
    mask(batch.attentionMask());
    predicting = config instanceof T5Config t5 ? decoder(t5, batch) : tokens;
    if (!(config instanceof T5Config) && batch.decoderInputIds() != null) {
      throw invalid("decoder_input_ids", "are for t5, this is a " + config.modelType());
    }
    if (labelled) {
      targets(batch.requiredLabels());
    } else {
      int step = program.objective() == Objective.ROW ? tokens : 1;
      values.put(Input.ROWS, longs(rows * predicting / step, i -> (long) i * step));
      values.put(Input.TARGETS, new long[0]);
    }
  }

  /** B. */
  int rows() {
    return rows;
  }

  /** How many rows predict. */
  int targets() {
    return get(Input.ROWS).length;
  }

  /** What the rows that predict should predict. */
  int[] labels() {
    return Arrays.stream(get(Input.TARGETS)).mapToInt(Math::toIntExact).toArray();
  }

  /** The script's argument. */
  NDArray array(NDManager manager, Input input) {
    if (input == Input.SMOOTHING) {
      return manager.create(new double[] {smoothing});
    }
    long[] array = get(input);
    boolean matrix = input == Input.MASK && array.length > 0;
    return manager.create(array, matrix ? new Shape(rows, tokens) : new Shape(array.length));
  }

  private long[] get(Input input) {
    long[] array = values.get(input);
    if (array == null) {
      throw new IllegalStateException("a " + config.modelType() + " has no " + input);
    }
    return array;
  }

  private interface LongAt {
    long at(int index);
  }

  private static long[] longs(int length, LongAt value) {
    return IntStream.range(0, length).mapToLong(value::at).toArray();
  }

  private int width(String name, int[][] matrix) {
    int width = rows == 0 ? 0 : matrix[0].length;
    if (width == 0) {
      throw invalid(name, "are " + rows + " rows of " + width + ", expected at least one of one");
    }
    if (width > config.contextLength()) {
      throw new AgentOsException(
          ErrorCode.CONTEXT_LENGTH_EXCEEDED,
          name + " has rows of " + width + " tokens, longer than the model's context of "
              + config.contextLength(),
          name);
    }
    return width;
  }

  private void put(Input input, String name, int[][] matrix, int limit) {
    values.put(input, flat(name, matrix, tokens, limit));
  }

  /** Row by row; all from 0 to below {@code limit}, labels also ignored. */
  private long[] flat(String name, int[][] matrix, int width, int limit) {
    int[] widths = Arrays.stream(matrix).mapToInt(row -> row.length).toArray();
    if (widths.length != rows || Arrays.stream(widths).anyMatch(w -> w != width)) {
      throw invalid(
          name,
          "have rows of " + Arrays.toString(widths) + ", expected " + rows + " of " + width
              + " each");
    }
    boolean labels = name.equals("labels");
    long[] flat = new long[rows * width];
    for (int b = 0; b < rows; b++) {
      for (int t = 0; t < width; t++) {
        int value = matrix[b][t];
        if ((value < 0 || value >= limit) && !(labels && value == Batch.IGNORED)) {
          throw invalid(
              name,
              "[" + b + "][" + t + "] is " + value + ", expected 0 to " + (limit - 1)
                  + (labels ? ", or " + Batch.IGNORED + " for what is not learnt" : ""));
        }
        flat[b * width + t] = value;
      }
    }
    return flat;
  }

  private static AgentOsException invalid(String name, String what) {
    return new AgentOsException(ErrorCode.INVALID_REQUEST, name + " " + what, name);
  }

  private void positions(int @Nullable [][] positions) {
    if (positions == null) {
      values.put(Input.POSITIONS, longs(rows * tokens, i -> i % tokens));
    } else {
      put(Input.POSITIONS, "position_ids", positions, config.contextLength());
    }
  }

  private void types(int @Nullable [][] types) {
    if (types == null) {
      values.put(Input.TYPES, new long[rows * tokens]);
    } else if (config instanceof BertConfig bert) {
      put(Input.TYPES, "token_type_ids", types, bert.typeVocabSize());
    } else {
      throw invalid("token_type_ids", "are for bert, this is a " + config.modelType());
    }
  }

  private void mask(int @Nullable [][] mask) {
    long[] flat = mask == null ? new long[0] : flat("attention_mask", mask, tokens, 2);
    boolean padded = Arrays.stream(flat).anyMatch(real -> real == 0);
    values.put(Input.MASK, padded ? flat : new long[0]);
  }

  /** Returns U. */
  private int decoder(T5Config t5, Batch batch) {
    int[][] given = batch.decoderInputIds();
    int[][] labels = given == null ? batch.requiredLabels() : given;
    int width = width(given == null ? "labels" : "decoder_input_ids", labels);
    long[] ids = given == null
        ? shifted(t5, flat("labels", labels, width, t5.vocabSize()), width)
        : flat("decoder_input_ids", given, width, t5.vocabSize());
    values.put(Input.DECODER_IDS, ids);
    values.put(Input.ENCODER_BUCKETS, buckets(t5, tokens, true));
    values.put(Input.DECODER_BUCKETS, buckets(t5, width, false));
    return width;
  }

  private static long[] shifted(T5Config t5, long[] labels, int width) {
    return longs(labels.length, i -> {
      if (i % width == 0) {
        return t5.decoderStartTokenId();
      }
      return labels[i - 1] == Batch.IGNORED ? t5.padTokenId() : labels[i - 1];
    });
  }

  private static long[] buckets(T5Config t5, int width, boolean bidirectional) {
    return longs(width * width, i -> t5.bucket(i % width, i / width, bidirectional));
  }

  private void targets(int[][] labels) {
    int shift = program.objective() == Objective.NEXT_TOKEN ? 1 : 0;
    int width = program.objective() == Objective.ROW ? 1 : predicting;
    long[] flat = flat("labels", labels, width, program.labels());
    int[] learnt = IntStream.range(0, flat.length)
        .filter(i -> i % width >= shift && flat[i] != Batch.IGNORED)
        .toArray();
    long stride = predicting / width;
    values.put(Input.ROWS, longs(learnt.length, i -> (learnt[i] - shift) * stride));
    values.put(Input.TARGETS, longs(learnt.length, i -> flat[learnt[i]]));
  }
}
