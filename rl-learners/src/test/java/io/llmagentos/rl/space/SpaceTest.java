package io.llmagentos.rl.space;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.rl.random.Generator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SpaceTest {
  private static final float INF = Float.POSITIVE_INFINITY;
  private static final Box MIXED =
      Box.of(new float[] {-1, -INF, 0, -INF}, new float[] {2, INF, INF, 1});

  static List<Space<?>> spaces() {
    return List.of(
        Box.of(-1, 1, 2, 3),
        MIXED,
        new Discrete(5),
        new Discrete(4, -2),
        new MultiDiscrete(3, 7),
        new MultiDiscrete(new int[] {2, 2}, new int[] {-1, 4}),
        new MultiBinary(9),
        new Tuple(new Discrete(3), Box.of(0, 1, 2), new Tuple(new MultiBinary(2))),
        new Dict(Map.of("b", new Discrete(3), "a", MIXED)));
  }

  @ParameterizedTest
  @MethodSource("spaces")
  <T> void shouldTellItsSamplesApartAndBringThemBackFromBothForms(Space<T> space) {
    Generator random = Generator.of(3);
    for (int i = 0; i < 200; i++) {
      T value = space.sample(random);
      assertThat(space.contains(value)).isTrue();
      float[] flat = space.flatten(value);
      assertThat(flat).hasSize(space.flatdim());
      T back = space.unflatten(flat);
      assertThat(space.contains(back)).isTrue();
      assertThat(space.flatten(back)).isEqualTo(flat);
      float[] encoded = new float[space.width() + 1];
      space.encode(value, encoded, 1);
      assertThat(space.flatten(space.decode(encoded, 1))).isEqualTo(flat);
    }
    assertThat(space.contains("something else")).isFalse();
    assertThat(space.contains(null)).isFalse();
  }

  /** Expected: NumPy 2.4.6, drawn as Gymnasium's Tuple.seed(3) and sample do. */
  @Test
  void shouldSampleEveryPartFromAStreamOfItsOwn() {
    Supplier<List<Object>> sampler =
        new Tuple(MIXED, new Discrete(4, 5), new MultiDiscrete(3, 7)).sampler(3);
    List<Object> first = sampler.get();
    assertThat((float[]) first.get(0))
        .containsExactly(1.0032364f, 0.06621007f, 0.515191f, 0.7197028f);
    assertThat(first.get(1)).isEqualTo(8);
    assertThat((int[]) first.get(2)).containsExactly(0, 1);
    List<Object> second = sampler.get();
    assertThat((float[]) second.get(0))
        .containsExactly(0.40376925f, -0.82266337f, 0.91364646f, -0.5844274f);
    assertThat(second.get(1)).isEqualTo(8);
    assertThat((int[]) second.get(2)).containsExactly(2, 5);
  }

  @Test
  void shouldOrderNamesAsGymnasiumDoes() {
    Map<String, Space<?>> ordered = new LinkedHashMap<>();
    ordered.put("z", new Discrete(2));
    ordered.put("a", new Discrete(3));
    Map<String, Object> value = Map.of("z", 1, "a", 0);
    assertThat(new Dict(ordered).flatten(value)).containsExactly(0, 1, 1, 0, 0);
    assertThat(new Dict(Map.copyOf(ordered)).flatten(value)).containsExactly(1, 0, 0, 0, 1);
  }

  @Test
  void shouldKnowWhatIsOutside() {
    assertThat(MIXED.contains(new float[] {0, Float.NaN, 0, 0})).isFalse();
    assertThat(MIXED.contains(new float[] {0, 0, -0.1f, 0})).isFalse();
    assertThat(MIXED.contains(new float[] {0, 0, 0})).isFalse();
    assertThat(new Discrete(3, 2).contains(Integer.valueOf(5))).isFalse();
    assertThat(new Discrete(3, 2).contains(2.5f)).isFalse();
    assertThat(new Discrete(3).contains(Float.NaN)).isFalse();
    assertThat(new MultiDiscrete(2, 2).contains(new int[] {1, 2})).isFalse();
    assertThat(new MultiBinary(2).contains(new byte[] {0, 2})).isFalse();
    assertThat(new Tuple(new Discrete(2)).contains(List.of(2))).isFalse();
    assertThat(new Dict(Map.of("a", new Discrete(2))).contains(Map.of("b", 1))).isFalse();
  }

  @Test
  void shouldSampleAmongAllowedValuesOnly() {
    Discrete space = new Discrete(4, 10);
    Generator random = Generator.of(5);
    for (int i = 0; i < 50; i++) {
      assertThat(space.sample(random, new boolean[] {false, true, false, true})).isIn(11, 13);
    }
    assertThat(space.sample(random, new boolean[4])).isEqualTo(10);
  }

  @Test
  void shouldRefuseSpacesThatCannotBe() {
    assertThatThrownBy(() -> new Discrete(0)).isInstanceOf(AgentOsException.class);
    assertThatThrownBy(() -> Box.of(1, 0, 2))
        .isInstanceOf(AgentOsException.class)
        .hasMessageContaining("low[0] = 1.0");
    assertThatThrownBy(() -> new Box(new float[2], new float[2], new int[] {3}))
        .isInstanceOf(AgentOsException.class)
        .hasMessageContaining("[3]");
    assertThatThrownBy(() -> new MultiDiscrete(2, 0)).isInstanceOf(AgentOsException.class);
  }

  @Test
  void shouldBeEqualByValue() {
    assertThat(Box.of(0, 1, 2)).isEqualTo(Box.of(new float[2], new float[] {1, 1}));
    assertThat(Box.of(0, 1, 2)).isNotEqualTo(Box.of(0, 1, 2, 1));
    assertThat(new MultiDiscrete(2, 3)).isEqualTo(new MultiDiscrete(2, 3));
  }
}
