package io.llmagentos.rl.random;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** Standard normal and exponential draws by the ziggurat method (Marsaglia, Tsang 2000) with NumPy's tables of 256 layers. */
final class Ziggurat {
  private static final int LAYERS = 256;
  private static final double NORMAL_TAIL = 3.654152885361009;
  private static final double NORMAL_TAIL_INVERSE = 0.2736612373297583;
  private static final double EXPONENTIAL_TAIL = 7.69711747013105;

  private static final Ziggurat TABLES = new Ziggurat();

  private final long[] normalAccept = new long[LAYERS];
  private final double[] normalWidth = new double[LAYERS];
  private final double[] normalDensity = new double[LAYERS];
  private final long[] exponentialAccept = new long[LAYERS];
  private final double[] exponentialWidth = new double[LAYERS];
  private final double[] exponentialDensity = new double[LAYERS];

  private Ziggurat() {
    try (InputStream in = Objects.requireNonNull(
            Ziggurat.class.getResourceAsStream("ziggurat.txt"), "ziggurat.txt");
        BufferedReader reader =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII))) {
      Objects.requireNonNull(reader.readLine(), "title");
      for (int i = 0; i < LAYERS; i++) {
        String[] row = Objects.requireNonNull(reader.readLine(), "row").split(" ", -1);
        normalAccept[i] = Long.parseUnsignedLong(row[0], 16);
        normalWidth[i] = Double.longBitsToDouble(Long.parseUnsignedLong(row[1], 16));
        normalDensity[i] = Double.longBitsToDouble(Long.parseUnsignedLong(row[2], 16));
        exponentialAccept[i] = Long.parseUnsignedLong(row[3], 16);
        exponentialWidth[i] = Double.longBitsToDouble(Long.parseUnsignedLong(row[4], 16));
        exponentialDensity[i] = Double.longBitsToDouble(Long.parseUnsignedLong(row[5], 16));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static double normal(Pcg64 bits) {
    return TABLES.drawNormal(bits);
  }

  static double exponential(Pcg64 bits) {
    return TABLES.drawExponential(bits);
  }

  private double drawNormal(Pcg64 bits) {
    while (true) {
      long draw = bits.nextLong();
      int layer = (int) (draw & 0xff);
      long magnitude = (draw >>> 9) & 0x000fffffffffffffL;
      double x = magnitude * normalWidth[layer];
      if ((draw & 0x100) != 0) {
        x = -x;
      }
      if (magnitude < normalAccept[layer]) {
        return x;
      }
      if (layer == 0) {
        return tail(bits, (magnitude & 0x100) != 0);
      }
      if ((normalDensity[layer - 1] - normalDensity[layer]) * bits.nextDouble()
              + normalDensity[layer]
          < Math.exp(-0.5 * x * x)) {
        return x;
      }
    }
  }

  private static double tail(Pcg64 bits, boolean negative) {
    while (true) {
      double x = -NORMAL_TAIL_INVERSE * Math.log1p(-bits.nextDouble());
      double y = -Math.log1p(-bits.nextDouble());
      if (y + y > x * x) {
        return negative ? -(NORMAL_TAIL + x) : NORMAL_TAIL + x;
      }
    }
  }

  private double drawExponential(Pcg64 bits) {
    while (true) {
      long draw = bits.nextLong() >>> 3;
      int layer = (int) (draw & 0xff);
      long magnitude = draw >>> 8;
      double x = magnitude * exponentialWidth[layer];
      if (magnitude < exponentialAccept[layer]) {
        return x;
      }
      if (layer == 0) {
        return EXPONENTIAL_TAIL - Math.log1p(-bits.nextDouble());
      }
      if ((exponentialDensity[layer - 1] - exponentialDensity[layer]) * bits.nextDouble()
              + exponentialDensity[layer]
          < Math.exp(-x)) {
        return x;
      }
    }
  }
}
