package io.llmagentos.model.training.data;

import io.llmagentos.model.functions.CallTokens;
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
import org.jspecify.annotations.Nullable;

/**
 * Requests with their calls: the call is learnt, in some rows the request too. In training a row is never the same twice: values change places with others of their
 * slot, words come in other pieces, some are hidden. For one thread.
 */
public final class CallCollator implements Collator {
  /** Rows are padded to a multiple of it: fewer shapes for the kernels to be made for. */
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
  /** The values that each slot has in the examples; those of which are told by their hash. */
  private final Map<Integer, List<CallSequence.Words>> valuesOfSlot = new HashMap<>();

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
              : row(sequence, sequence.request(), false));
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
            .add(sequence.words(value.from(), value.to()));
      }
    }
    valuesOf = examples.hash();
  }

  private Sequence varied(CallSequence sequence, SplittableRandom random) {
    CallSequence other = recut(exchanged(sequence, random), random);
    CallSequence used = other.length() <= maxLength ? other : sequence;
    return row(used, hidden(used, random), random.nextDouble() < requestLearnt);
  }

  private CallSequence exchanged(CallSequence sequence, SplittableRandom random) {
    CallSequence result = sequence;
    for (int i = 0; i < sequence.values().size() && !sequence.overlaps(); i++) {
      if (random.nextDouble() < exchanged) {
        CallSequence.Value value = result.values().get(i);
        List<CallSequence.Words> others = valuesOfSlot.getOrDefault(value.slot(), List.of());
        result = result.with(value.from(), value.to(), others.get(random.nextInt(others.size())));
      }
    }
    return result;
  }

  private CallSequence recut(CallSequence sequence, SplittableRandom random) {
    CallSequence result = sequence;
    int to = sequence.request().length;
    for (int from = to - 1; from >= 0; from--) {
      if (sequence.first()[from]) {
        int[] pieces = dropout.apply(Arrays.copyOfRange(sequence.request(), from, to), random);
        boolean[] first = new boolean[pieces.length];
        first[0] = true;
        result = result.with(from, to, new CallSequence.Words(pieces, first));
        to = from;
      }
    }
    return result;
  }

  /** The request's tokens as the model sees them. */
  private int[] hidden(CallSequence sequence, SplittableRandom random) {
    int[] seen = sequence.request().clone();
    boolean hiding = false;
    for (int i = 0; i < seen.length; i++) {
      if (sequence.first()[i]) {
        hiding = random.nextDouble() < hidden && !sequence.inValue(i);
      }
      seen[i] = hiding ? mask : seen[i];
    }
    return seen;
  }

  private Sequence row(CallSequence sequence, int[] seen, boolean requestLearnt) {
    int[] labels = sequence.tokens(call, end);
    int[] ids = labels.clone();
    System.arraycopy(seen, 0, ids, 1, seen.length);
    int answer = seen.length + 2;
    Arrays.fill(labels, 0, requestLearnt ? 1 : answer, Batch.IGNORED);
    labels[answer - 1] = Batch.IGNORED;
    return new Sequence(ids, labels);
  }
}
