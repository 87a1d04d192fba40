package io.llmagentos.model.nano;

import io.llmagentos.model.training.BytePairTokenizer;
import io.llmagentos.model.training.DecoderBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * The batches of an epoch. Every example of the three public sets comes once, as do the assistant's own sentences
 * several times; HWU64 comes a second time for the assistant, CLINC150 every other time. Words are masked and values of
 * slots exchanged at random. The same seed and epoch give the same batches.
 */
final class Mixture {
  private static final double MASKED_WORDS = 0.1;
  private static final double EXCHANGED_VALUES = 0.2;
  /** The loss of a request's tokens weighs 0.3 on average: 0.9 in a third of the sequences is cheaper than 0.3 in all. */
  private static final double REQUEST_WEIGHT = 0.9;

  private static final int REQUEST_EVERY = 3;
  private static final int OUT_OF_SCOPE_REPEATS = 4;
  private static final int OWN_REPEATS = 6;
  private static final int OUTSIDE_PER_EPOCH = 600;
  private static final int GIBBERISH_PER_EPOCH = 250;
  private static final int POOL_BATCHES = 40;
  private static final int MAX_TOKENS = 128;

  private final BytePairTokenizer tokenizer;
  private final int batchSize;
  private final List<Sample> always = new ArrayList<>();
  private final List<Sample> everyOther = new ArrayList<>();
  private final List<Sample> outside = new ArrayList<>();
  private final List<String> words = new ArrayList<>();
  private final Map<Integer, List<int[]>> valuesOfSlot = new HashMap<>();
  private final int call;
  private final int end;
  private final int pad;
  private final int mask;
  private int left;

  Mixture(TrainingData data, BytePairTokenizer tokenizer, int batchSize) {
    this.tokenizer = tokenizer;
    this.batchSize = batchSize;
    this.call = tokenizer.special(FunctionSet.CALL);
    this.end = tokenizer.special(FunctionSet.END);
    this.pad = tokenizer.special(FunctionSet.PAD);
    this.mask = tokenizer.special(FunctionSet.MASK);
    var own = new HashSet<Example>(ExampleFiles.ownSentences());
    data.examples().forEach((set, examples) -> {
      for (TrainingData.Labelled labelled : examples) {
        Example example = labelled.example();
        var sample = Sample.of(tokenizer, set, example, labelled.functionOnly());
        if (sample.isEmpty()) {
          left++;
          continue;
        }
        boolean assistant = set.equals(FunctionSet.ASSISTANT);
        boolean ours = assistant && own.contains(example);
        boolean oos = example.intent().equals(FunctionSet.OUT_OF_SCOPE);
        boolean rare = assistant
            && !ours
            && !oos
            && (labelled.functionOnly() || example.slots().isEmpty());
        List<Sample> group = rare ? everyOther : always;
        int times = ours ? OWN_REPEATS : oos ? OUT_OF_SCOPE_REPEATS : 1;
        group.addAll(Collections.nCopies(times, sample.get()));
        Collections.addAll(words, example.text().split(" "));
        remember(sample.get());
      }
    });
    data.outside()
        .forEach(l ->
            Sample.of(tokenizer, FunctionSet.CLINC150, l.example(), false).ifPresent(outside::add));
  }

  private void remember(Sample sample) {
    for (Sample.Value value : sample.values()) {
      valuesOfSlot
          .computeIfAbsent(value.slot(), s -> new ArrayList<>())
          .add(Arrays.copyOfRange(sample.request(), value.from(), value.to()));
    }
  }

  /** How many examples were left out because a slot's value is not a span of whole tokens. */
  int left() {
    return left;
  }

  List<DecoderBatch> epoch(long seed, int epoch) {
    var random = new Random(seed * 1_000_003 + epoch);
    var samples = new ArrayList<>(always);
    samples.addAll(chosen(everyOther, everyOther.size() / 2, random));
    samples.addAll(chosen(outside, Math.min(OUTSIDE_PER_EPOCH, outside.size()), random));
    for (int i = 0; i < GIBBERISH_PER_EPOCH; i++) {
      samples.add(gibberish(random));
    }
    var rows = new ArrayList<Row>();
    for (Sample sample : samples) {
      Row row = row(exchanged(sample, random), random);
      if (row.ids().length <= MAX_TOKENS) {
        rows.add(row);
      }
    }
    Collections.shuffle(rows, random);
    var batches = new ArrayList<DecoderBatch>();
    for (int from = 0; from < rows.size(); from += batchSize * POOL_BATCHES) {
      List<Row> pool = rows.subList(from, Math.min(rows.size(), from + batchSize * POOL_BATCHES));
      pool.sort((a, b) -> Integer.compare(a.ids().length, b.ids().length));
      for (int at = 0; at + batchSize <= pool.size(); at += batchSize) {
        batches.add(batch(pool.subList(at, at + batchSize)));
      }
    }
    Collections.shuffle(batches, random);
    return batches;
  }

  private static List<Sample> chosen(List<Sample> samples, int count, Random random) {
    var shuffled = new ArrayList<>(samples);
    Collections.shuffle(shuffled, random);
    return shuffled.subList(0, count);
  }

  /** Words of requests in any order: a call of nothing. */
  private Sample gibberish(Random random) {
    var text = new StringBuilder();
    int count = 3 + random.nextInt(7);
    for (int i = 0; i < count; i++) {
      text.append(i == 0 ? "" : " ").append(words.get(random.nextInt(words.size())));
    }
    var example = new Example(text.toString(), FunctionSet.OUT_OF_SCOPE, List.of());
    return Sample.of(tokenizer, FunctionSet.ASSISTANT, example, false).orElseThrow();
  }

  /** The sample with some values of slots replaced by values that the same slots have elsewhere. */
  private Sample exchanged(Sample sample, Random random) {
    Sample result = sample;
    for (int i = 0; i < sample.values().size(); i++) {
      if (random.nextDouble() < EXCHANGED_VALUES && !overlapping(sample.values())) {
        List<int[]> others = valuesOfSlot.getOrDefault(sample.values().get(i).slot(), List.of());
        result = exchanged(result, i, others.get(random.nextInt(others.size())));
      }
    }
    return result;
  }

  private static boolean overlapping(List<Sample.Value> values) {
    for (int i = 0; i + 1 < values.size(); i++) {
      if (values.get(i).to() > values.get(i + 1).from()) {
        return true;
      }
    }
    return false;
  }

  private static Sample exchanged(Sample sample, int index, int[] tokens) {
    Sample.Value old = sample.values().get(index);
    int shift = tokens.length - (old.to() - old.from());
    int[] request = new int[sample.request().length + shift];
    boolean[] first = new boolean[request.length];
    System.arraycopy(sample.request(), 0, request, 0, old.from());
    System.arraycopy(tokens, 0, request, old.from(), tokens.length);
    System.arraycopy(
        sample.request(), old.to(), request, old.to() + shift, sample.request().length - old.to());
    System.arraycopy(sample.first(), 0, first, 0, old.from());
    first[old.from()] = true;
    System.arraycopy(
        sample.first(), old.to(), first, old.to() + shift, sample.first().length - old.to());
    var values = new ArrayList<Sample.Value>();
    for (int i = 0; i < sample.values().size(); i++) {
      Sample.Value value = sample.values().get(i);
      values.add(
          i < index
              ? value
              : new Sample.Value(
                  value.slot(), value.from() + (i == index ? 0 : shift), value.to() + shift));
    }
    return new Sample(
        sample.tag(), request, first, sample.function(), values, sample.functionOnly());
  }

  /** A sequence with the weight of each token as a target, and what the model sees of it. */
  private record Row(int[] ids, int[] seen, float[] weights) {}

  private Row row(Sample sample, Random random) {
    int[] request = sample.request();
    int[] seen = request.clone();
    boolean masking = false;
    for (int i = 0; i < seen.length; i++) {
      if (sample.first()[i]) {
        masking = random.nextDouble() < MASKED_WORDS && outsideValues(sample, i);
      }
      seen[i] = masking ? mask : seen[i];
    }
    int[] all = sample.sequence(call, end);
    int[] visible = all.clone();
    System.arraycopy(seen, 0, visible, 1, seen.length);
    float[] weights = new float[all.length];
    double requestWeight = random.nextInt(REQUEST_EVERY) == 0 ? REQUEST_WEIGHT : 0;
    for (int i = 1; i < all.length; i++) {
      weights[i] = i <= request.length ? (float) requestWeight : i == request.length + 1 ? 0 : 1;
    }
    return new Row(all, visible, weights);
  }

  private static boolean outsideValues(Sample sample, int token) {
    return sample.values().stream().noneMatch(v -> v.from() <= token && token < v.to());
  }

  private DecoderBatch batch(List<Row> rows) {
    int width = rows.stream().mapToInt(r -> r.ids().length - 1).max().orElseThrow();
    long[][] ids = new long[rows.size()][width];
    var positions = new ArrayList<Long>();
    var targets = new ArrayList<Long>();
    var weights = new ArrayList<Float>();
    for (int b = 0; b < rows.size(); b++) {
      Row row = rows.get(b);
      Arrays.fill(ids[b], pad);
      for (int t = 0; t + 1 < row.ids().length; t++) {
        ids[b][t] = row.seen()[t];
        if (row.weights()[t + 1] > 0) {
          positions.add((long) b * width + t);
          targets.add((long) row.ids()[t + 1]);
          weights.add(row.weights()[t + 1]);
        }
      }
    }
    float[] weightArray = new float[weights.size()];
    for (int i = 0; i < weightArray.length; i++) {
      weightArray[i] = weights.get(i);
    }
    return new DecoderBatch(
        ids,
        positions.stream().mapToLong(l -> l).toArray(),
        targets.stream().mapToLong(l -> l).toArray(),
        weightArray);
  }
}
