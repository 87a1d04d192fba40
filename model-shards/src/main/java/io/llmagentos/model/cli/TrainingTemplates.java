package io.llmagentos.model.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;

/** Settings of trainings among the resources of this package. */
final class TrainingTemplates {
  private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

  private TrainingTemplates() {}

  static ObjectNode read(String name) throws IOException {
    try (InputStream in =
        Objects.requireNonNull(TrainingTemplates.class.getResourceAsStream(name), name)) {
      return (ObjectNode) YAML.readTree(in);
    }
  }
}
