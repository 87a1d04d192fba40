package io.llmagentos.rl.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmagentos.rl.rollout.Episode;
import io.llmagentos.rl.rollout.Fragment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FragmentBytesTest {
  @ParameterizedTest
  @ValueSource(longs = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
  void shouldReadWhatWasWritten(long seed) {
    Random random = new Random(seed);
    List<Fragment> fragments = new ArrayList<>();
    for (int i = random.nextInt(4); i >= 0; i--) {
      fragments.add(fragment(random));
    }
    assertSame(fragments);
  }

  @Test
  void shouldCarryNothing() {
    assertThat(FragmentBytes.read(FragmentBytes.of(List.of()))).isEmpty();
    assertSame(List.of(fragment(new Random(1), 0, 0)));
  }

  @Test
  void shouldKeepEveryBitOfNumbers() {
    float[] numbers = {
      Float.NaN, Float.NEGATIVE_INFINITY, -0f, Float.MIN_VALUE, Float.MAX_VALUE, 1 / 3f
    };
    assertThat(FragmentBytes.toFloats(FragmentBytes.ofFloats(numbers))).isEqualTo(numbers);
    assertThat(FragmentBytes.toFloats(FragmentBytes.ofFloats(new float[0]))).isEmpty();
  }

  @Test
  void shouldKeepPartsApart() {
    List<byte[]> parts = List.of(new byte[] {1, 2}, new byte[0], new byte[] {3});
    assertThat(FragmentBytes.toParts(FragmentBytes.ofParts(parts)))
        .containsExactlyElementsOf(parts);
    assertThat(FragmentBytes.toParts(FragmentBytes.ofParts(List.of()))).isEmpty();
  }

  private static void assertSame(List<Fragment> fragments) {
    assertThat(FragmentBytes.read(FragmentBytes.of(fragments)))
        .usingRecursiveComparison()
        .withComparatorForType(Float::compare, Float.class)
        .withComparatorForType(Double::compare, Double.class)
        .isEqualTo(fragments);
  }

  private static Fragment fragment(Random random) {
    return fragment(random, random.nextInt(5), random.nextInt(4));
  }

  private static Fragment fragment(Random random, int finals, int ended) {
    int environments = 1 + random.nextInt(4);
    int steps = 2 + random.nextInt(6);
    int rows = environments * steps;
    int observation = 1 + random.nextInt(5);
    int action = 1 + random.nextInt(3);
    int length = 1 + random.nextInt(steps);
    int states = environments * Math.ceilDiv(steps, length) * random.nextInt(4);
    List<Episode> episodes = new ArrayList<>();
    for (int i = 0; i < ended; i++) {
      episodes.add(new Episode(random.nextInt(100), random.nextGaussian(), random.nextInt(500)));
    }
    return new Fragment(
        random.nextInt(100),
        environments,
        steps,
        length,
        floats(random, rows * observation),
        floats(random, rows * action),
        floats(random, rows * action * 2),
        floats(random, states),
        floats(random, rows),
        flags(random, rows),
        flags(random, rows),
        floats(random, environments * observation),
        random.ints(finals, 0, rows).sorted().toArray(),
        floats(random, finals * observation),
        episodes);
  }

  private static float[] floats(Random random, int length) {
    float[] floats = new float[length];
    for (int i = 0; i < length; i++) {
      floats[i] = Float.intBitsToFloat(random.nextInt());
    }
    return floats;
  }

  private static boolean[] flags(Random random, int length) {
    boolean[] flags = new boolean[length];
    for (int i = 0; i < length; i++) {
      flags[i] = random.nextBoolean();
    }
    return flags;
  }
}
