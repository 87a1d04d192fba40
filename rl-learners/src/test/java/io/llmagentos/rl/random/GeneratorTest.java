package io.llmagentos.rl.random;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** Expected values: NumPy 2.4.6, {@code default_rng(7)}. */
class GeneratorTest {
  @Test
  void shouldDrawExponentialsAndNormalsIntoTheirTails() {
    Generator random = Generator.of(7);
    double exponentials = 0;
    double normals = 0;
    double highest = 0;
    for (int i = 0; i < 20000; i++) {
      double draw = random.standardExponential();
      exponentials += draw;
      highest = Math.max(highest, draw);
    }
    for (int i = 0; i < 20000; i++) {
      normals += random.standardNormal();
    }
    assertThat(exponentials).isCloseTo(20164.66960308708, within(1e-8));
    assertThat(highest).isEqualTo(0x1.34e3ddd2aac18p+3);
    assertThat(normals).isCloseTo(-168.96340702804454, within(1e-10));
  }

  @Test
  void shouldDrawIntegersOfEveryWidth() {
    Generator random = Generator.of(7);
    assertThat(new long[] {
          random.integers(1L << 40), random.integers(1L << 40), random.integers(1L << 40)
        })
        .containsExactly(687299734001L, 986497006767L, 852875435924L);
    assertThat(new long[] {
          random.integers(-5, 1L << 31),
          random.integers(-5, 1L << 31),
          random.integers(-5, 1L << 31)
        })
        .containsExactly(483628753, 119253149, 1875941738);
    long[] small = new long[7];
    for (int i = 0; i < small.length; i++) {
      small[i] = random.integers(3);
    }
    assertThat(small).containsExactly(2, 0, 1, 2, 0, 2, 0);
    assertThat(random.integers(1L << 32)).isEqualTo(2009765319L);
    double[] probabilities = {.1, .2, .3, .2, .2};
    int[] chosen = new int[6];
    for (int i = 0; i < chosen.length; i++) {
      chosen[i] = random.choice(probabilities);
    }
    assertThat(chosen).containsExactly(2, 1, 1, 2, 2, 2);
  }

  @Test
  void shouldDrawBitsFourToAWord() {
    Generator random = Generator.of(7);
    assertThat(random.bits(11)).containsExactly(1, 0, 1, 1, 1, 0, 0, 1, 1, 0, 0);
    assertThat(random.bits(3)).containsExactly(1, 1, 1);
  }

  @Test
  void shouldGoOnFromASavedStateWithItsBufferedHalf() throws IOException {
    Generator random = Generator.of(1);
    random.integers(10); // leaves half a draw
    ByteArrayOutputStream saved = new ByteArrayOutputStream();
    random.write(new DataOutputStream(saved));
    long next = random.integers(1000);
    double after = random.standardNormal();

    Generator other = Generator.of(2);
    other.read(new DataInputStream(new ByteArrayInputStream(saved.toByteArray())));
    assertThat(other.integers(1000)).isEqualTo(next);
    assertThat(other.standardNormal()).isEqualTo(after);
  }

  @Test
  void shouldRefuseAnEmptyRange() {
    assertThatIllegalArgumentException().isThrownBy(() -> Generator.of(1).integers(3, 3));
  }
}
