package io.llmagentos.model.training.data;

import io.llmagentos.model.functions.CallTokens;
import io.llmagentos.model.functions.RequestWords;
import io.llmagentos.model.tokenizer.Tokenizer;
import io.llmagentos.model.training.Batch;
import io.llmagentos.model.training.arguments.Arguments;
import io.llmagentos.model.training.arguments.ToolArguments;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Requests with their calls: the call is learnt, in some rows the request too. In training a row is never the same twice: values change places with others of their
 * slot, words come in other pieces, some are hidden. For one thread.
 */
public final class CallCollator implements Collator {
  /** Rows are padded to a multiple of it: the fast kernels are made anew for each shape that they have not seen lately. */
  private static final int MULTIPLE = 8;

  private final boolean varied;
  private final long seed;
  private final double exchanged;
  private final double hidden;
  private final double requestLearnt;
  private final int maxLength;
  private final SubwordDropout dropout;
  private final int call;
  private final int end;
  private final int pad;
  private final int mask;
  private final int[] numbers;
  /** The values that each slot has in the examples; those of which are told by their hash. */
  private final Map<Integer, List<List<int[]>>> valuesOfSlot = new HashMap<>();

  private @Nullable String valuesOf;

  /**
   * @param model directory of the tokenizer
   * @param varied whether it is for training; otherwise rows come as they are, and only calls have labels
   */
  public CallCollator(
      Path model, Tokenizer tokenizer, Arguments arguments, int maxLength, boolean varied)
      throws IOException {
    this.varied = varied;
    this.seed = arguments.dataSeed();
    this.exchanged = arguments.get(ToolArguments.VALUE_EXCHANGE_PROBABILITY);
    this.hidden = arguments.get(ToolArguments.WORD_MASK_PROBABILITY);
    this.requestLearnt = arguments.get(ToolArguments.REQUEST_LOSS_PROBABILITY);
    this.maxLength = maxLength;
    this.dropout =
        new SubwordDropout(model, tokenizer.vocabulary(), arguments.get(ToolArguments.BPE_DROPOUT));
    this.call = tokenizer.requireId(CallTokens.CALL);
    this.end = tokenizer.requireId(CallTokens.END);
    this.pad = tokenizer.requireId(CallTokens.PAD);
    this.mask = tokenizer.requireId(CallTokens.MASK);
    this.numbers = IntStream.range(0, RequestWords.NAMED)
        .map(i -> tokenizer.requireId(CallTokens.word(i)))
        .toArray();
  }

  private record Sequence(int[] ids, int[] labels) {}

  @Override
  public Batch collate(Examples examples, long[] indices, long epoch) {
    if (varied && !examples.hash().equals(valuesOf)) {
      rememberValues(examples);
    }
    List<Sequence> rows = new ArrayList<>();
    for (long index : indices) {
      CallSequence sequence = CallSequence.of(examples.get(index));
      rows.add(
          varied
              ? varied(
                  sequence, new SplittableRandom(DataSeeds.mix(DataSeeds.mix(seed, epoch), index)))
              : row(sequence, sequence.words(), false));
    }
    int longest =
        Math.ceilDiv(rows.stream().mapToInt(row -> row.ids().length).max().orElseThrow(), MULTIPLE)
            * MULTIPLE;
    int[][] ids = new int[rows.size()][longest];
    int[][] labels = new int[rows.size()][longest];
    int[][] attention = new int[rows.size()][longest];
    for (int b = 0; b < ids.length; b++) {
      Sequence row = rows.get(b);
      int length = row.ids().length;
      Arrays.fill(ids[b], length, longest, pad);
      Arrays.fill(labels[b], length, longest, Batch.IGNORED);
      Arrays.fill(attention[b], 0, length, 1);
      System.arraycopy(row.ids(), 0, ids[b], 0, length);
      System.arraycopy(row.labels(), 0, labels[b], 0, length);
    }
    Batch batch = Batch.of(ids).withLabels(labels);
    boolean full = rows.stream().allMatch(row -> row.ids().length == longest);
    return full ? batch : batch.withAttentionMask(attention);
  }

  private void rememberValues(Examples examples) {
    valuesOfSlot.clear();
    for (long i = 0; i < examples.size(); i++) {
      CallSequence sequence = CallSequence.of(examples.get(i));
      for (CallSequence.Value value : sequence.values()) {
        valuesOfSlot
            .computeIfAbsent(value.slot(), slot -> new ArrayList<>())
            .add(sequence.words().subList(value.from(), value.to()));
      }
    }
    valuesOf = examples.hash();
  }

  private Sequence varied(CallSequence sequence, SplittableRandom random) {
    CallSequence other = recut(exchanged(sequence, random), random);
    boolean fits = other.length() <= maxLength && other.words().size() <= RequestWords.NAMED;
    CallSequence used = fits ? other : sequence;
    return row(used, hidden(used, random), random.nextDouble() < requestLearnt);
  }

  private CallSequence exchanged(CallSequence sequence, SplittableRandom random) {
    CallSequence result = sequence;
    for (int i = 0; i < sequence.values().size() && !sequence.overlaps(); i++) {
      if (random.nextDouble() < exchanged) {
        List<List<int[]>> others =
            valuesOfSlot.getOrDefault(sequence.values().get(i).slot(), List.of());
        result = result.withValue(i, others.get(random.nextInt(others.size())));
      }
    }
    return result;
  }

  private CallSequence recut(CallSequence sequence, SplittableRandom random) {
    return sequence.withWords(
        sequence.words().stream().map(word -> dropout.apply(word, random)).toList());
  }

  /** The words as the model sees them. */
  private List<int[]> hidden(CallSequence sequence, SplittableRandom random) {
    List<int[]> seen = new ArrayList<>(sequence.words());
    for (int i = 0; i < seen.size(); i++) {
      if (random.nextDouble() < hidden && !sequence.inValue(i)) {
        int[] masks = new int[seen.get(i).length];
        Arrays.fill(masks, mask);
        seen.set(i, masks);
      }
    }
    return seen;
  }

  private Sequence row(CallSequence sequence, List<int[]> seen, boolean requestLearnt) {
    int length = sequence.length();
    int[] ids = new int[length];
    int[] labels = new int[length];
    Arrays.fill(labels, Batch.IGNORED);
    ids[0] = sequence.tag();
    int at = 1;
    for (int i = 0; i < seen.size(); i++) {
      int[] word = sequence.words().get(i);
      System.arraycopy(seen.get(i), 0, ids, at, word.length);
      if (requestLearnt) {
        System.arraycopy(word, 0, labels, at, word.length);
      }
      at += word.length;
      if (i < numbers.length) {
        ids[at++] = numbers[i];
      }
    }
    ids[at++] = call;
    ids[at] = sequence.function();
    int answer = at++;
    if (!sequence.functionOnly()) {
      for (CallSequence.Value value : sequence.values()) {
        ids[at++] = value.slot();
        ids[at++] = numbers[value.from()];
        ids[at++] = numbers[value.to() - 1];
      }
      ids[at] = end;
    }
    System.arraycopy(ids, answer, labels, answer, length - answer);
    return new Sequence(ids, labels);
  }
}
