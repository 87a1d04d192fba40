package io.llmagentos.model.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.llmagentos.model.djl.PyTorch;
import io.llmagentos.model.training.OptimizerStep.AdamW;
import io.llmagentos.model.weights.Tensor;
import io.llmagentos.model.weights.TransformerConfig;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class GradientBucketsTest {
  private static final AdamW STEP = new AdamW(5e-3, 0.9, 0.99, 1e-8, 0.01, 1);

  @BeforeAll
  static void oneThread() {
    PyTorch.threads(1);
  }

  static List<EngineSettings> settings() {
    return List.of(
        EngineSettings.FLOAT32,
        new EngineSettings(Precision.FLOAT32, Kernels.ONEDNN, false),
        new EngineSettings(Precision.BFLOAT16, Kernels.MKL, true),
        new EngineSettings(Precision.BFLOAT16, Kernels.MKL, false));
  }

  /** What a bucket of a model holds, copied. */
  private static float[] bucket(GradientBuckets buckets, int bucket) {
    float[] numbers = new float[buckets.width(bucket)];
    buckets.read(bucket, numbers);
    return numbers;
  }

  /** Cut behind every parameter, and every few; two batches, so that something is there already. */
  @ParameterizedTest
  @MethodSource("settings")
  void shouldComputeToTheBitWhatThePassInOneDoes(EngineSettings settings) {
    double dropout = settings.fusedAttention() ? 0 : 0.3;
    for (TransformerConfig config : SmallModels.all(dropout)) {
      Batch first = SmallModels.batch(config, 3, 1);
      Batch second = SmallModels.batch(config, 5, 2);
      for (long numbers : new long[] {0, 6000}) {
        try (Transformer whole = Transformer.initial(config, settings, 3);
            Transformer cut = Transformer.initial(config, settings, 3)) {
          GradientBuckets buckets = cut.buckets(numbers);
          List<Integer> completed = new ArrayList<>();
          List<float[]> early = new ArrayList<>();
          whole.accumulate(first, 4);
          cut.accumulate(first, 4);
          Loss expected = whole.accumulate(second, 5);
          Loss loss = buckets.accumulate(second, 5, 0, bucket -> {
            completed.add(bucket);
            early.add(bucket(buckets, bucket));
          });
          assertThat(loss).as("%s", config).isEqualTo(expected);
          assertThat(gradients(cut)).as("%s", config).isEqualTo(gradients(whole));
          assertThat(completed)
              .isEqualTo(IntStream.range(0, buckets.size()).boxed().toList());
          for (int bucket = 0; bucket < buckets.size(); bucket++) {
            assertThat(early.get(bucket))
                .as("bucket %d when it was completed, of %s", bucket, config)
                .isEqualTo(bucket(buckets, bucket));
          }
        }
      }
    }
  }

  private static List<List<Float>> gradients(Transformer model) {
    List<List<Float>> gradients = new ArrayList<>();
    for (Tensor tensor : model.gradients()) {
      float[] numbers = tensor.toFloats();
      gradients.add(IntStream.range(0, numbers.length).mapToObj(i -> numbers[i]).toList());
    }
    return gradients;
  }

  @Test
  void shouldBeginWithTheLastLayersAndEndWithWhatIsTied() {
    TransformerConfig config = SmallModels.gpt2(true, 0);
    try (Transformer model = Transformer.initial(config, EngineSettings.FLOAT32, 1)) {
      GradientBuckets fine = model.buckets(0);
      GradientBuckets layers = model.buckets(12_000);
      assertThat(fine.size()).as("weights and biases of a layer, and some").isGreaterThan(20);
      // A layer of 32 has 12,704 numbers, 64 of them in the norm that comes last and is one bucket
      // late; tokens and positions have 66 rows.
      assertThat(IntStream.range(0, layers.size()).map(layers::width))
          .containsExactly(12_704, 12_704, 64 + 66 * 32);
      for (GradientBuckets buckets : List.of(fine, layers)) {
        assertThat(IntStream.range(0, buckets.size()).map(buckets::width).sum())
            .as("everything once")
            .isEqualTo(model.buckets(Long.MAX_VALUE).width(0));
      }
      for (int bucket = 0; bucket < layers.size(); bucket++) {
        float[] marked = new float[layers.width(bucket)];
        Arrays.fill(marked, bucket + 1);
        layers.write(bucket, marked);
      }
      for (Tensor tensor : model.gradients()) {
        String name = tensor.name();
        // From behind: 0 the last norm and layer, 1 the other layer, 2 what is embedded.
        int depth =
            name.contains("ln_f") || name.contains("h.1.") ? 0 : name.contains("h.") ? 1 : 2;
        float bucket = (name.contains("ln_1") ? depth + 1 : depth) + 1;
        assertThat(tensor.toFloats()).as(name).containsOnly(bucket);
      }
    }
  }

  @Test
  void shouldStepOnAGradientFromElsewhereAsOnItsOwn() {
    TransformerConfig config = SmallModels.gpt2(true, 0);
    Batch batch = SmallModels.batch(config, 4, 7);
    try (Transformer own = Transformer.initial(config, EngineSettings.FLOAT32, 7);
        Transformer other = Transformer.initial(config, EngineSettings.FLOAT32, 7)) {
      double scale = 1.0 / own.accumulate(batch, 0).targets();
      GradientBuckets from = own.buckets(5000);
      GradientBuckets to = other.buckets(5000);
      for (int bucket = 0; bucket < from.size(); bucket++) {
        to.write(bucket, bucket(from, bucket));
      }
      assertThat(other.step(scale, STEP)).isEqualTo(own.step(scale, STEP));
      for (int i = 0; i < own.weights().size(); i++) {
        assertThat(other.weights().get(i).toFloats())
            .isEqualTo(own.weights().get(i).toFloats());
      }
      assertThat(bucket(to, 0)).containsOnly(0);
    }
  }

  @Test
  void shouldHandOutNothingOfAPassThatDiverges() {
    TransformerConfig config = SmallModels.gpt2(true, 0);
    try (Transformer model = Transformer.initial(config, EngineSettings.FLOAT32, 8)) {
      List<Tensor> state = new ArrayList<>(model.state());
      Tensor first = state.getFirst();
      float[] broken = first.toFloats();
      Arrays.fill(broken, Float.NaN);
      state.set(0, Tensor.of(first.name(), broken, first.shape()));
      model.restore(state);
      List<Integer> completed = new ArrayList<>();
      Batch batch = SmallModels.batch(config, 2, 9);
      GradientBuckets buckets = model.buckets(0);
      AgentOsException thrown = catchThrowableOfType(
          AgentOsException.class, () -> buckets.accumulate(batch, 0, 0, completed::add));
      assertThat(thrown.code()).isEqualTo(ErrorCode.TRAINING_DIVERGED);
      assertThat(completed).isEmpty();
    }
  }

  @Test
  void shouldFreeWhatLaterPartsDoNotTake() {
    TransformerConfig config = SmallModels.t5(true, 0.1);
    try (Transformer model = Transformer.initial(config, EngineSettings.FLOAT32, 10)) {
      GradientBuckets buckets = model.buckets(0);
      buckets.accumulate(SmallModels.batch(config, 4, 10), 0, 0, bucket -> {});
      int arrays = model.nativeArrays(); // the gradient's among them
      buckets.accumulate(SmallModels.batch(config, 4, 10), 1, 0, bucket -> {});
      assertThat(model.nativeArrays()).isEqualTo(arrays);
    }
  }
}
