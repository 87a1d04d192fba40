package io.llmagentos.node.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class LearningCurveTest {
  @Test
  void shouldDrawSeedsWithTheirSpread() throws IOException {
    List<LearningCurve.Run> runs = new ArrayList<>();
    for (int seed = 0; seed < 3; seed++) {
      Random random = new Random(seed);
      double[] x = new double[50];
      double[] y = new double[50];
      for (int i = 0; i < 50; i++) {
        x[i] = (i + 1) * 1000.0;
        y[i] = 500 * (1 - Math.exp(-i / (10.0 + 5 * seed))) + random.nextGaussian() * 10;
      }
      runs.add(new LearningCurve.Run("seed " + seed, x, y));
    }
    byte[] png = LearningCurve.png(
        "CartPole-v1", "num_env_steps_sampled_lifetime", "episode_return_mean", runs);
    Files.write(Files.createDirectories(Path.of("target")).resolve("learning-curve.png"), png);
    BufferedImage image = ImageIO.read(new ByteArrayInputStream(png));
    assertThat(image.getWidth()).isEqualTo(900);
    assertThat(image.getHeight()).isEqualTo(540);
    long blue = 0;
    for (int column = 0; column < image.getWidth(); column++) {
      for (int row = 0; row < image.getHeight(); row++) {
        int rgb = image.getRGB(column, row);
        if ((rgb & 0xff) > ((rgb >> 16) & 0xff) + 15) {
          blue++;
        }
      }
    }
    assertThat(blue).as("pixels of lines and band").isGreaterThan(5000);
  }

  @Test
  void shouldDrawARunThatHasNoPointsYet() {
    assertThat(LearningCurve.png(
            "new",
            "x",
            "y",
            List.of(new LearningCurve.Run("seed 0", new double[0], new double[0]))))
        .isNotEmpty();
  }

  @Test
  void shouldKeepTheLastValueOfARunThatEnded() {
    LearningCurve.Run run = new LearningCurve.Run("a", new double[] {0, 10}, new double[] {0, 100});
    assertThat(LearningCurve.at(run, 5)).isEqualTo(50);
    assertThat(LearningCurve.at(run, 25)).isEqualTo(100);
  }
}
