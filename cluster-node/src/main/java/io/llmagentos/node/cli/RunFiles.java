package io.llmagentos.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.report.LearningCurve;
import io.llmagentos.node.report.TensorBoardEvents;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a run leaves in its directory: {@code progress.jsonl}, TensorBoard's events, and the points of its curve. */
final class RunFiles implements AutoCloseable {
  private final Path directory;
  private final String name;
  private final BufferedWriter progress;
  private final TensorBoardEvents events;
  private final List<Double> x = new ArrayList<>();
  private final List<Double> y = new ArrayList<>();

  RunFiles(Path directory, String name, long seconds) throws IOException {
    this.directory = made(directory);
    this.name = name;
    this.progress = Files.newBufferedWriter(directory.resolve("progress.jsonl"));
    this.events = new TensorBoardEvents(
        Files.newOutputStream(directory.resolve(TensorBoardEvents.fileName(seconds))), seconds);
  }

  private static Path made(Path directory) {
    try {
      return Files.createDirectories(directory);
    } catch (IOException e) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          "the directory " + directory + " cannot be made: " + e,
          "--output",
          e);
    }
  }

  Path directory() {
    return directory;
  }

  void add(long iteration, JsonNode metrics, String xName, String yName, double seconds)
      throws IOException {
    progress.write(metrics.toString());
    progress.newLine();
    progress.flush();
    Map<String, Double> scalars = new LinkedHashMap<>();
    metrics.properties().forEach(metric -> {
      if (metric.getValue().isNumber()) {
        scalars.put(metric.getKey(), metric.getValue().asDouble());
      }
    });
    events.scalars(iteration, seconds, scalars);
    JsonNode atX = metrics.path(xName);
    JsonNode atY = metrics.path(yName);
    if (atX.isNumber() && atY.isNumber()) {
      x.add(atX.asDouble());
      y.add(atY.asDouble());
    }
  }

  LearningCurve.Run curve() {
    return new LearningCurve.Run(
        name,
        x.stream().mapToDouble(Double::doubleValue).toArray(),
        y.stream().mapToDouble(Double::doubleValue).toArray());
  }

  @Override
  public void close() throws IOException {
    progress.close();
    events.close();
  }
}
