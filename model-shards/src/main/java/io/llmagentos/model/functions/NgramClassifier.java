package io.llmagentos.model.functions;

import io.llmagentos.model.weights.DType;
import io.llmagentos.model.weights.ModelFiles;
import io.llmagentos.model.weights.SafetensorsWriter;
import io.llmagentos.model.weights.Tensor;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Linear scores over the n-grams of a request, one per outcome of a set: what words alone say. A text is the vector of its n-grams, (1 + ln count) times the
 * n-gram's inverse document frequency, of length 1. Weights are sparse, in 8 bits. Immutable.
 */
public final class NgramClassifier {
  public static final String FILE = "ngrams.safetensors";

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** N-grams that have weights, ascending. */
  private final int[] ngrams;

  private final float[] idf;

  /** Where the weights of an n-gram begin; one more than n-grams. */
  private final int[] starts;

  private final short[] outcomes;
  private final byte[] weights;
  private final float scale;

  NgramClassifier(
      int[] ngrams, float[] idf, int[] starts, short[] outcomes, byte[] weights, float scale) {
    this.ngrams = ngrams;
    this.idf = idf;
    this.starts = starts;
    this.outcomes = outcomes;
    this.weights = weights;
    this.scale = scale;
  }

  /** The scores of a text. */
  public float[] scores(String text, int outcomeCount) {
    float[] scores = new float[outcomeCount];
    double squares = 0;
    for (Map.Entry<Integer, Integer> ngram : Ngrams.of(text).entrySet()) {
      int at = Arrays.binarySearch(ngrams, ngram.getKey());
      if (at < 0) {
        continue;
      }
      double value = value(ngram.getValue(), idf[at]);
      squares += value * value;
      for (int i = starts[at]; i < starts[at + 1]; i++) {
        scores[outcomes[i]] += (float) (value * weights[i]);
      }
    }
    float unit = squares == 0 ? 0 : (float) (scale / Math.sqrt(squares));
    for (int i = 0; i < scores.length; i++) {
      scores[i] *= unit;
    }
    return scores;
  }

  /** Of an n-gram, before the vector has length 1. */
  static double value(int count, double idf) {
    return (1 + Math.log(count)) * idf;
  }

  // ---- the file

  /** Writes those of some sets, by the names of the sets, into a model's directory. */
  public static void write(Path directory, Map<String, NgramClassifier> bySet) throws IOException {
    List<Tensor> tensors = new ArrayList<>();
    bySet.forEach((set, classifier) -> classifier.addTo(tensors, set + "."));
    SafetensorsWriter.write(directory.resolve(FILE), tensors, Map.of());
  }

  private void addTo(List<Tensor> tensors, String set) {
    tensors.add(tensor(set + "ngrams", ngrams));
    tensors.add(Tensor.of(set + "idf", idf, idf.length));
    tensors.add(tensor(set + "starts", starts));
    MemorySegment shorts = MemorySegment.ofArray(new byte[Short.BYTES * outcomes.length]);
    MemorySegment.copy(outcomes, 0, shorts, SHORT, 0, outcomes.length);
    tensors.add(
        new Tensor(set + "outcomes", DType.I16, new long[] {outcomes.length}, shorts, "memory"));
    tensors.add(new Tensor(
        set + "weights",
        DType.I8,
        new long[] {weights.length},
        MemorySegment.ofArray(weights.clone()),
        "memory"));
    tensors.add(Tensor.of(set + "scale", new float[] {scale}, 1));
  }

  private static Tensor tensor(String name, int[] values) {
    MemorySegment data = MemorySegment.ofArray(new byte[Integer.BYTES * values.length]);
    MemorySegment.copy(values, 0, data, INT, 0, values.length);
    return new Tensor(name, DType.I32, new long[] {values.length}, data, "memory");
  }

  /** Reads those of these sets. Throws {@code MODEL_FILE_CORRUPT} and {@code MODEL_FILE_MISSING}. */
  public static Map<String, NgramClassifier> read(Path directory, FunctionSets sets) {
    Map<String, NgramClassifier> classifiers = new LinkedHashMap<>();
    Path file = directory.resolve(FILE);
    try (ModelFiles files = ModelFiles.openFile(file)) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      files.tensors().forEach(tensor -> tensors.put(tensor.name(), tensor));
      sets.sets().forEach((name, set) -> {
        NgramClassifier classifier = read(file, tensors, name + ".");
        classifier.require(file, name, set.outcomes().size());
        classifiers.put(name, classifier);
      });
    }
    return classifiers;
  }

  private static NgramClassifier read(Path file, Map<String, Tensor> tensors, String set) {
    MemorySegment outcomes = data(file, tensors, set + "outcomes", DType.I16);
    short[] shorts = new short[Math.toIntExact(outcomes.byteSize() / Short.BYTES)];
    MemorySegment.copy(outcomes, SHORT, 0, shorts, 0, shorts.length);
    return new NgramClassifier(
        ints(data(file, tensors, set + "ngrams", DType.I32)),
        floats(data(file, tensors, set + "idf", DType.F32)),
        ints(data(file, tensors, set + "starts", DType.I32)),
        shorts,
        data(file, tensors, set + "weights", DType.I8).toArray(ValueLayout.JAVA_BYTE),
        floats(data(file, tensors, set + "scale", DType.F32))[0]);
  }

  private static MemorySegment data(
      Path file, Map<String, Tensor> tensors, String name, DType type) {
    Tensor tensor = tensors.get(name);
    if (tensor == null || tensor.dtype() != type || tensor.elements() == 0) {
      throw new AgentOsException(
          ErrorCode.MODEL_FILE_CORRUPT, file + " has no tensor " + name + " of " + type, FILE);
    }
    return tensor.data();
  }

  private static int[] ints(MemorySegment data) {
    int[] values = new int[Math.toIntExact(data.byteSize() / Integer.BYTES)];
    MemorySegment.copy(data, INT, 0, values, 0, values.length);
    return values;
  }

  private static float[] floats(MemorySegment data) {
    float[] values = new float[Math.toIntExact(data.byteSize() / Float.BYTES)];
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.intBitsToFloat(data.get(INT, (long) i * Integer.BYTES));
    }
    return values;
  }

  private void require(Path file, String set, int outcomeCount) {
    boolean fits = idf.length == ngrams.length
        && starts.length == ngrams.length + 1
        && starts[0] == 0
        && starts[starts.length - 1] == weights.length
        && outcomes.length == weights.length;
    for (int i = 1; fits && i < starts.length; i++) {
      fits = starts[i - 1] <= starts[i];
    }
    for (int i = 0; fits && i < outcomes.length; i++) {
      fits = outcomes[i] >= 0 && outcomes[i] < outcomeCount;
    }
    if (!fits) {
      throw new AgentOsException(
          ErrorCode.MODEL_FILE_CORRUPT,
          file + ": the tensors of set " + set + " do not fit its " + outcomeCount + " outcomes in "
              + FunctionSets.FILE,
          FILE);
    }
  }
}
