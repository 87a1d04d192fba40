package io.llmagentos.model.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.llmagentos.model.ReferenceBlocks;
import io.llmagentos.model.ReferenceTransformer;
import io.llmagentos.model.weights.Activation;
import io.llmagentos.model.weights.Checkpoint;
import io.llmagentos.model.weights.DType;
import io.llmagentos.model.weights.Dropout;
import io.llmagentos.model.weights.Gpt2Config;
import io.llmagentos.model.weights.LlamaConfig;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Models of every shape and with every option that their families have, against plain loops in double. */
class RandomShapesTest {
  private static final DType[] STORED = {DType.F32, DType.F16, DType.BF16};
  private static final int MODELS = 60;

  private final SplittableRandom random = new SplittableRandom(17);

  private boolean flip() {
    return random.nextBoolean();
  }

  private <T> T one(List<T> of) {
    return of.get(random.nextInt(of.size()));
  }

  private LlamaConfig llama() {
    int keyValueHeads = 1 + random.nextInt(3);
    int heads = keyValueHeads * (1 + random.nextInt(3));
    int headDim = 2 * (1 + random.nextInt(12));
    int width = flip() ? heads * headDim : 1 + random.nextInt(70);
    boolean bias = flip();
    LlamaConfig.RopeScaling scaling = one(List.of(
        new LlamaConfig.Linear(1 + 4 * random.nextDouble()),
        new LlamaConfig.Llama3(
            2 + 6 * random.nextDouble(), 1, 2 + 2 * random.nextDouble(), 8 + random.nextInt(60))));
    return new LlamaConfig(
        "llama",
        2 + random.nextInt(300),
        width,
        1 + random.nextInt(130),
        1 + random.nextInt(3),
        heads,
        keyValueHeads,
        headDim,
        24,
        one(List.of(1e-5f, 1e-6f, 1e-3f)),
        one(List.of(10_000.0, 500_000.0, 1_000_000.0)),
        flip() ? scaling : null,
        bias,
        bias && flip(),
        flip(),
        flip(),
        one(List.of(Activation.values())),
        Dropout.NONE,
        0.02,
        -1);
  }

  private Gpt2Config gpt2() {
    int heads = 1 + random.nextInt(5);
    int width = heads * (1 + random.nextInt(20));
    return new Gpt2Config(
        2 + random.nextInt(300),
        24,
        width,
        1 + random.nextInt(3),
        heads,
        flip() ? 4 * width : 1 + random.nextInt(130),
        one(List.of(1e-5f, 1e-3f)),
        flip(),
        flip(),
        flip(),
        one(List.of(Activation.values())),
        Dropout.NONE,
        0.02);
  }

  @Test
  void shouldComputeLlamaOfAnyShape() {
    for (int i = 0; i < MODELS; i++) {
      LlamaConfig config = llama();
      try (Checkpoint model = RandomModels.create(config, i, STORED[i % STORED.length])) {
        assertSame(model);
      }
    }
  }

  @Test
  void shouldComputeGpt2OfAnyShape() {
    for (int i = 0; i < MODELS; i++) {
      Gpt2Config config = gpt2();
      try (Checkpoint model = RandomModels.create(config, i, STORED[i % STORED.length])) {
        assertSame(model);
      }
    }
  }

  private void assertSame(Checkpoint model) {
    int[] tokens = new int[1 + random.nextInt(24)];
    Arrays.setAll(tokens, i -> random.nextInt(model.config().vocabSize()));
    double[] expected = ReferenceTransformer.of(model)
        .logits(ReferenceTransformer.Sequence.of(tokens))[tokens.length - 1];
    CpuEngineSettings settings = new CpuEngineSettings(
        1, 1 + random.nextInt(9), 40, 1 + random.nextInt(9), WeightStorage.AS_STORED);
    try (CpuEngine engine = new CpuEngine(model, settings)) {
      float[][] logits = new float[1][engine.vocabularySize()];
      engine.forward(List.of(new Engine.Feed(engine.open(tokens.length), tokens)), logits);
      for (int v = 0; v < expected.length; v++) {
        assertThat((double) logits[0][v])
            .as("%s, %s tokens, logit %s", model.config(), tokens.length, v)
            .isCloseTo(expected[v], within(1e-4 * Math.max(1, Math.abs(expected[v]))));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldActivateLikeTheFormula(Activation activation) {
    float[] x = new float[4096];
    for (int i = 0; i < x.length; i++) {
      x[i] = (i - 2048) / 128f;
    }
    float[] y = x.clone();
    RowKernels.activate(activation, y, 0, y.length);
    for (int i = 0; i < x.length; i++) {
      assertThat((double) y[i])
          .as("%s(%s)", activation, x[i])
          .isCloseTo(
              ReferenceBlocks.activate(activation, x[i]),
              within(1e-6 * Math.max(1, Math.abs(x[i]))));
    }
  }
}
