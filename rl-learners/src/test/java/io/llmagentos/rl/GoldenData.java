package io.llmagentos.rl;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Recordings of Gymnasium: the files of the directory of the property {@code golden.gymnasium}, else of the test resources. */
public final class GoldenData {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** One file. */
  public record Recording(String file, JsonNode json) {
    public String envId() {
      return json.path("env_id").asText();
    }

    public String format() {
      return json.path("format").asText();
    }

    public Map<String, Object> kwargs() {
      Map<String, Object> kwargs = JSON.convertValue(
          json.path("kwargs"),
          JSON.getTypeFactory().constructMapType(Map.class, String.class, Object.class));
      kwargs.values().removeIf(Objects::isNull);
      return kwargs;
    }

    @Override
    public String toString() {
      return file;
    }
  }

  private GoldenData() {}

  /** The recordings that a test is about. The test resources must have one, or the test would be about nothing; another directory need not. */
  public static List<Recording> recordings(Predicate<Recording> wanted) {
    try (Stream<Path> files = Files.list(directory())) {
      List<Recording> found = files
          .filter(file -> file.toString().endsWith(".json"))
          .sorted()
          .map(file -> new Recording(file.getFileName().toString(), read(file)))
          .filter(wanted)
          .toList();
      if (found.isEmpty() && configured().isEmpty()) {
        throw new IllegalStateException("no recording of the wanted kind in " + directory());
      }
      return found;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static float[] floats(JsonNode array) {
    float[] out = new float[array.size()];
    for (int i = 0; i < out.length; i++) {
      out[i] = (float) array.get(i).asDouble();
    }
    return out;
  }

  public static double[] doubles(JsonNode array) {
    double[] out = new double[array.size()];
    for (int i = 0; i < out.length; i++) {
      out[i] = array.get(i).asDouble();
    }
    return out;
  }

  /** Entry {@code i} of a list that may be written as {@code {"constant": c, "n": n}}. */
  public static double entry(JsonNode list, int i) {
    return list.isArray() ? list.get(i).asDouble() : list.path("constant").asDouble();
  }

  private static String configured() {
    return System.getProperty("golden.gymnasium", "");
  }

  private static Path directory() {
    if (!configured().isEmpty()) {
      return Path.of(configured());
    }
    try {
      return Path.of(
          Objects.requireNonNull(GoldenData.class.getResource("/golden/gymnasium"), "golden")
              .toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static JsonNode read(Path file) {
    try {
      return JSON.readTree(file.toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
