package io.llmagentos.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Objects;

/** Where the results of Hugging Face transformers lie: the directory of the property {@code golden.transformers}, else the test resources. */
public final class GoldenData {
  private static final ObjectMapper JSON = new ObjectMapper();

  private GoldenData() {}

  public static Path directory() {
    String configured = System.getProperty("golden.transformers", "");
    if (!configured.isEmpty()) {
      return Path.of(configured);
    }
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
