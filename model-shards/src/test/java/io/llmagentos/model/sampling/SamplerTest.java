package io.llmagentos.model.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class SamplerTest {
  @Test
  void shouldTakeTheLowestIdOfEquals() {
    assertThat(Sampler.best(new float[] {1, 3, 3, Float.NEGATIVE_INFINITY})).isEqualTo(1);
  }

  @Test
  void shouldDrawTheSameAtAPositionWhateverWasDrawnBefore() {
    float[] logits = {0.1f, 0.2f, 0.3f, 0.4f};
    Sampler sampler = new Sampler(7);
    int[] first = new int[50];
    for (int i = 0; i < 50; i++) {
      first[i] = sampler.draw(logits, i);
    }
    for (int i = 49; i >= 0; i--) {
      assertThat(new Sampler(7).draw(logits, i)).isEqualTo(first[i]);
    }
    assertThat(first).containsOnly(0, 1, 2, 3).contains(0, 1, 2, 3);
  }

  @Test
  void shouldDrawAsOftenAsTheProbabilitySays() {
    float[] logits = {
      (float) Math.log(0.5), Float.NEGATIVE_INFINITY, (float) Math.log(0.3), (float) Math.log(0.2)
    };
    int[] counts = new int[4];
    for (int i = 0; i < 100_000; i++) {
      counts[new Sampler(i % 10).draw(logits, i)]++;
    }
    assertThat(counts[1]).isZero();
    assertThat(counts[0] / 1e5).isCloseTo(0.5, within(0.01));
    assertThat(counts[2] / 1e5).isCloseTo(0.3, within(0.01));
  }

  @Test
  void shouldBeTheGeneratorThatIsDocumented() {
    // SplitMix64 with seed 0 begins with 0xE220A8397B1DCDAF.
    assertThat(new Sampler(0).uniform(0)).isEqualTo((0xE220A8397B1DCDAFL >>> 11) * 0x1.0p-53);
  }

  @Test
  void shouldTellTheLogProbabilityUnderTheModel() {
    assertThat(Sampler.logProbability(new float[] {0, 0, 0, 0}, 2))
        .isCloseTo((float) Math.log(0.25), within(1e-6f));
  }
}
