package io.llmagentos.model.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmagentos.model.engine.Engine.Feed;
import io.llmagentos.model.weights.Checkpoint;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CpuEngineTest {
  private static final int BLOCKS = 60;

  enum Model {
    LLAMA {
      @Override
      Checkpoint create() {
        return RandomModels.create(RandomModels.llama(211, 72, 100, 2, 6, 2, 64), 3);
      }
    },
    GPT2 {
      @Override
      Checkpoint create() {
        return RandomModels.create(RandomModels.gpt2(211, 80, 2, 5, 64), 4);
      }
    };

    abstract Checkpoint create();

    CpuEngine engine(int threads, int prefillRows, WeightStorage storage) {
      try (Checkpoint checkpoint = create()) {
        return new CpuEngine(
            checkpoint, new CpuEngineSettings(threads, 7, BLOCKS, prefillRows, storage));
      }
    }

    CpuEngine engine() {
      return engine(1, 128, WeightStorage.F32);
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldGiveTheSameBitsForOneRowAndMany(Model model) {
    try (CpuEngine alone = model.engine();
        CpuEngine together = model.engine()) {
      List<int[]> prompts = prompts(9);
      List<Feed> feeds = new ArrayList<>();
      for (int[] prompt : prompts) {
        feeds.add(new Feed(together.open(prompt.length), prompt));
      }
      float[][] logits = new float[feeds.size()][together.vocabularySize()];
      together.forward(feeds, logits);
      for (int i = 0; i < feeds.size(); i++) {
        assertThat(logits[i]).containsExactly(whole(alone, prompts.get(i)));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldGiveTheSameBitsForPiecesAndTheWhole(Model model) {
    SplittableRandom random = new SplittableRandom(11);
    try (CpuEngine engine = model.engine();
        CpuEngine small = model.engine(1, 5, WeightStorage.F32)) {
      int[] prompt = tokens(random, 50);
      float[] expected = whole(engine, prompt);
      assertThat(whole(small, prompt)).containsExactly(expected);
      for (int round = 0; round < 10; round++) {
        int sequence = engine.open(50);
        float[][] logits = new float[1][engine.vocabularySize()];
        for (int from = 0; from < 50; ) {
          int to = Math.min(50, from + 1 + random.nextInt(12));
          int[] piece = Arrays.copyOfRange(prompt, from, to);
          engine.forward(List.of(new Feed(sequence, piece)), logits);
          from = to;
        }
        engine.close(sequence);
        assertThat(logits[0]).containsExactly(expected);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldGiveTheSameBitsForAnyNumberOfThreads(Model model) {
    for (WeightStorage storage : WeightStorage.values()) {
      List<int[]> prompts = prompts(5);
      List<float[]> expected = new ArrayList<>();
      try (CpuEngine engine = model.engine(1, 128, storage)) {
        prompts.forEach(prompt -> expected.add(whole(engine, prompt)));
      }
      for (int threads = 2; threads <= 4; threads++) {
        try (CpuEngine engine = model.engine(threads, 128, storage)) {
          for (int i = 0; i < prompts.size(); i++) {
            assertThat(whole(engine, prompts.get(i))).containsExactly(expected.get(i));
          }
        }
      }
    }
  }

  /** Prompts join and leave while others decode, in a cache that many sequences have used before. */
  @ParameterizedTest
  @EnumSource
  void shouldGiveTheSameBitsHoweverSequencesInterleave(Model model) {
    SplittableRandom random = new SplittableRandom(5);
    try (CpuEngine alone = model.engine();
        CpuEngine engine = model.engine(2, 16, WeightStorage.F32)) {
      record Open(int sequence, int[] tokens, int[] fed) {}
      List<Open> open = new ArrayList<>();
      int finished = 0;
      while (finished < 40) {
        int[] tokens = tokens(random, 1 + random.nextInt(40));
        int sequence = engine.open(tokens.length);
        if (sequence >= 0) {
          open.add(new Open(sequence, tokens, new int[1]));
        }
        List<Feed> feeds = new ArrayList<>();
        for (Open one : open) {
          int left = one.tokens.length - one.fed[0];
          int count = Math.min(left, random.nextBoolean() ? 1 : 1 + random.nextInt(20));
          int[] piece = Arrays.copyOfRange(one.tokens, one.fed[0], one.fed[0] + count);
          one.fed[0] += count;
          feeds.add(new Feed(one.sequence, piece));
        }
        float[][] logits = new float[feeds.size()][engine.vocabularySize()];
        engine.forward(feeds, logits);
        for (int i = open.size() - 1; i >= 0; i--) {
          Open one = open.get(i);
          if (one.fed[0] == one.tokens.length) {
            assertThat(logits[i]).containsExactly(whole(alone, one.tokens));
            engine.close(one.sequence);
            open.remove(i);
            finished++;
          }
        }
      }
      open.forEach(one -> engine.close(one.sequence));
      assertThat(engine.freeBlocks()).isEqualTo(BLOCKS);
    }
  }

  @Test
  void shouldRefuseWhenTheCacheIsFullAndLoseNoBlock() {
    SplittableRandom random = new SplittableRandom(9);
    try (CpuEngine engine = Model.LLAMA.engine()) {
      List<Integer> open = new ArrayList<>();
      int refused = 0;
      for (int i = 0; i < 10_000; i++) {
        int sequence = engine.open(1 + random.nextInt(64));
        if (sequence >= 0) {
          open.add(sequence);
        } else {
          refused++;
          engine.close(open.remove(/* index */ random.nextInt(open.size())));
        }
      }
      assertThat(refused).isPositive();
      open.forEach(engine::close);
      assertThat(engine.freeBlocks()).isEqualTo(BLOCKS);
    }
  }

  @Test
  void shouldAppendNothingWhenOneFeedIsWrong() {
    try (CpuEngine engine = Model.GPT2.engine()) {
      int sequence = engine.open(3);
      float[][] logits = new float[2][engine.vocabularySize()];
      Feed good = new Feed(sequence, new int[] {1, 2});
      assertThatThrownBy(() -> engine.forward(List.of(good, good), logits))
          .hasMessageContaining("was opened for 3 tokens, would hold 4");
      assertThatThrownBy(() -> engine.forward(List.of(new Feed(sequence, new int[] {211})), logits))
          .hasMessageContaining("token 211 is not in the vocabulary of 211");
      assertThatThrownBy(() -> engine.forward(List.of(new Feed(sequence, new int[0])), logits))
          .hasMessageContaining("at least 1");
      assertThatThrownBy(() -> engine.forward(List.of(new Feed(99, new int[] {1})), logits))
          .hasMessageContaining("sequence 99 is not open");
      assertThatThrownBy(() -> engine.open(65)).hasMessageContaining("1 to 64 are possible");
      engine.forward(List.of(new Feed(sequence, new int[] {1, 2, 3})), logits);
      engine.close(sequence);
      assertThatThrownBy(() -> engine.close(sequence)).hasMessageContaining("is not open");
      assertThat(logits[0]).containsExactly(whole(engine, new int[] {1, 2, 3}));
    }
  }

  @Test
  void shouldLeaveNothingBehindWhenWarmingUp() {
    try (CpuEngine cold = Model.LLAMA.engine();
        CpuEngine warm = Model.LLAMA.engine()) {
      warm.warmUp();
      assertThat(warm.freeBlocks()).isEqualTo(BLOCKS);
      int[] prompt = {5, 6, 7};
      assertThat(whole(warm, prompt)).containsExactly(whole(cold, prompt));
    }
  }

  @Test
  void shouldNameTheTensorThatAModelLacks() {
    Checkpoint empty = Checkpoint.of(RandomModels.gpt2(9, 8, 1, 2, 4), "none", List.of());
    assertThatThrownBy(() -> new CpuEngine(empty, CpuEngineSettings.create(2, 64)))
        .isInstanceOfSatisfying(
            AgentOsException.class,
            thrown -> assertThat(thrown.code()).isEqualTo(ErrorCode.MODEL_FILE_CORRUPT))
        .hasMessageContaining("has no tensor h.0.ln_1.weight, expected one of shape [8]");
    empty.close();
  }

  private static float[] whole(CpuEngine engine, int[] tokens) {
    int sequence = engine.open(tokens.length);
    float[][] logits = new float[1][engine.vocabularySize()];
    engine.forward(List.of(new Feed(sequence, tokens)), logits);
    engine.close(sequence);
    return logits[0];
  }

  private static List<int[]> prompts(int count) {
    SplittableRandom random = new SplittableRandom(count);
    List<int[]> prompts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      prompts.add(tokens(random, 1 + 4 * i));
    }
    return prompts;
  }

  private static int[] tokens(SplittableRandom random, int count) {
    int[] tokens = new int[count];
    for (int i = 0; i < count; i++) {
      tokens[i] = random.nextInt(211);
    }
    return tokens;
  }
}
