package io.llmagentos.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** Where the results of Hugging Face transformers lie: the directory of the property {@code golden.transformers}, else the test resources. */
public final class GoldenData {
  private static final ObjectMapper JSON = new ObjectMapper();

  private GoldenData() {}

  public static Path directory() {
    String configured = System.getProperty("golden.transformers", "");
    return configured.isEmpty() ? resources() : Path.of(configured);
  }

  /** The models of these {@code model_type}s in {@link #directory()}; at least one. */
  public static List<Path> models(String... types) {
    try (Stream<Path> directories = Files.list(directory())) {
      List<Path> models = directories
          .filter(model -> Files.isRegularFile(model.resolve("config.json")))
          .filter(model -> List.of(types)
              .contains(read(model.resolve("config.json")).path("model_type").asText()))
          .sorted()
          .toList();
      assertThat(models).as("models of %s in %s", List.of(types), directory()).isNotEmpty();
      return models;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The results among the test resources, for tests that are about something else. */
  public static Path resources() {
    try {
      return Path.of(Objects.requireNonNull(
              GoldenData.class.getResource("/golden/transformers"), "golden/transformers")
          .toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  public static JsonNode read(Path file) {
    try {
      return JSON.readTree(file.toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
