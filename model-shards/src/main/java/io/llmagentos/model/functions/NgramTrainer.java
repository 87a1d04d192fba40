package io.llmagentos.model.functions;

import de.bwaldvogel.liblinear.Feature;
import de.bwaldvogel.liblinear.FeatureNode;
import de.bwaldvogel.liblinear.Linear;
import de.bwaldvogel.liblinear.Model;
import de.bwaldvogel.liblinear.Parameter;
import de.bwaldvogel.liblinear.Problem;
import de.bwaldvogel.liblinear.SolverType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;

/**
 * Learns an {@link NgramClassifier}: the multi-class support vector machine of Crammer and Singer (2001), by LIBLINEAR. The heaviest weights are kept. Same
 * examples, same classifier.
 */
public final class NgramTrainer {
  private static final double C = 1;
  private static final double TOLERANCE = 0.05;

  /** Three bytes each. */
  private static final int MAX_WEIGHTS = 300_000;

  /** Below it a weight says nothing. */
  private static final double SMALLEST = 1e-6;

  private final int outcomeCount;
  private final List<SortedMap<Integer, Integer>> texts = new ArrayList<>();
  private final List<Integer> outcomes = new ArrayList<>();

  /** @param outcomeCount of the set */
  public NgramTrainer(int outcomeCount) {
    this.outcomeCount = outcomeCount;
  }

  public void add(String text, int outcome) {
    texts.add(Ngrams.of(text));
    outcomes.add(outcome);
  }

  /** Takes seconds for ten thousand texts of a hundred outcomes. */
  public NgramClassifier train() {
    int[] documents = new int[Ngrams.BUCKETS];
    texts.forEach(text -> text.keySet().forEach(ngram -> documents[ngram]++));
    double[] idf = new double[Ngrams.BUCKETS];
    Arrays.setAll(idf, ngram -> Math.log((1.0 + texts.size()) / (1 + documents[ngram])) + 1);
    return sparse(weights(idf), idf);
  }

  /** By n-gram, then outcome. */
  private double[] weights(double[] idf) {
    Problem problem = new Problem();
    problem.l = texts.size();
    problem.n = Ngrams.BUCKETS;
    problem.x = texts.stream().map(text -> vector(text, idf)).toArray(Feature[][]::new);
    problem.y = outcomes.stream().mapToDouble(outcome -> outcome).toArray();
    Linear.disableDebugOutput();
    Parameter parameter = new Parameter(SolverType.MCSVM_CS, C, TOLERANCE);
    parameter.setRandom(new Random(0));
    Model model = Linear.train(problem, parameter);
    int[] seen = model.getLabels();
    double[] learnt = model.getFeatureWeights();
    double[] weights = new double[Ngrams.BUCKETS * outcomeCount];
    for (int i = 0; i < learnt.length; i++) {
      weights[i / seen.length * outcomeCount + seen[i % seen.length]] = learnt[i];
    }
    return weights;
  }

  private static Feature[] vector(Map<Integer, Integer> text, double[] idf) {
    double squares = 0;
    List<Feature> features = new ArrayList<>();
    for (Map.Entry<Integer, Integer> ngram : text.entrySet()) {
      double value = NgramClassifier.value(ngram.getValue(), idf[ngram.getKey()]);
      squares += value * value;
      features.add(new FeatureNode(ngram.getKey() + 1, value));
    }
    double length = Math.sqrt(squares);
    features.forEach(feature -> feature.setValue(feature.getValue() / length));
    return features.toArray(Feature[]::new);
  }

  private NgramClassifier sparse(double[] learnt, double[] idf) {
    double[] sizes = Arrays.stream(learnt)
        .map(Math::abs)
        .filter(size -> size > SMALLEST)
        .sorted()
        .toArray();
    double smallest = sizes.length == 0 ? 1 : sizes[Math.max(0, sizes.length - MAX_WEIGHTS)];
    float scale = sizes.length == 0 ? 1 : (float) (sizes[sizes.length - 1] / Byte.MAX_VALUE);
    List<Integer> ngrams = new ArrayList<>();
    List<Integer> starts = new ArrayList<>();
    short[] kept = new short[sizes.length];
    byte[] weights = new byte[sizes.length];
    int count = 0;
    for (int ngram = 0; ngram < Ngrams.BUCKETS; ngram++) {
      int before = count;
      for (int outcome = 0; outcome < outcomeCount; outcome++) {
        double weight = learnt[ngram * outcomeCount + outcome];
        if (Math.abs(weight) >= smallest) {
          kept[count] = (short) outcome;
          weights[count++] = (byte) Math.round(weight / scale);
        }
      }
      if (count > before) {
        ngrams.add(ngram);
        starts.add(before);
      }
    }
    starts.add(count);
    float[] kinds = new float[ngrams.size()];
    for (int i = 0; i < kinds.length; i++) {
      kinds[i] = (float) idf[ngrams.get(i)];
    }
    return new NgramClassifier(
        ngrams.stream().mapToInt(i -> i).toArray(),
        kinds,
        starts.stream().mapToInt(i -> i).toArray(),
        Arrays.copyOf(kept, count),
        Arrays.copyOf(weights, count),
        scale);
  }
}
