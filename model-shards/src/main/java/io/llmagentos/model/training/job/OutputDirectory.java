package io.llmagentos.model.training.job;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmagentos.model.registry.ModelArchive;
import io.llmagentos.model.training.arguments.Arguments;
import io.llmagentos.model.training.arguments.TrainingArguments;
import io.llmagentos.model.training.trainer.TrainingCheckpoint;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * {@code output_dir} as Hugging Face's Trainer leaves it: the model, and beside it {@code checkpoint-STEP} for each checkpoint that is kept. It is written at
 * once when the training is over.
 */
final class OutputDirectory {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String CHECKPOINT = "checkpoint-";

  private final Path path;

  private OutputDirectory(Path path) {
    this.path = path;
  }

  static OutputDirectory of(Arguments arguments) {
    return new OutputDirectory(
        Path.of(arguments.get(TrainingArguments.OUTPUT_DIR).orElseThrow()).toAbsolutePath());
  }

  /** Throws {@code SETTINGS_INVALID} for one that holds something, or for a checkpoint that is not there. */
  void check(Arguments arguments) throws IOException {
    if (Files.exists(path) && !Files.isDirectory(path)) {
      throw invalid(TrainingArguments.OUTPUT_DIR.name(), path + " is no directory");
    }
    if (arguments.get(TrainingArguments.RESUME_FROM_CHECKPOINT).isPresent()) {
      Optional<Path> unused = resumeFrom(arguments);
    } else if (!arguments.get(TrainingArguments.OVERWRITE_OUTPUT_DIR) && !isEmpty()) {
      throw invalid(
          TrainingArguments.OUTPUT_DIR.name(),
          path + " is not empty: name another, or set overwrite_output_dir");
    }
  }

  private boolean isEmpty() throws IOException {
    if (!Files.isDirectory(path)) {
      return true;
    }
    try (Stream<Path> files = Files.list(path)) {
      return files.findAny().isEmpty();
    }
  }

  /** What {@code resume_from_checkpoint} names: a checkpoint's directory, or its archive. */
  Optional<Path> resumeFrom(Arguments arguments) throws IOException {
    Optional<String> named = arguments.get(TrainingArguments.RESUME_FROM_CHECKPOINT);
    if (named.isEmpty()) {
      return Optional.empty();
    }
    String argument = TrainingArguments.RESUME_FROM_CHECKPOINT.name();
    if (named.get().equals("true")) {
      return Optional.of(latest()
          .orElseThrow(() -> invalid(argument, "is true, and " + path + " has no checkpoint")));
    }
    Path checkpoint = Path.of(named.get()).toAbsolutePath();
    if (Files.isDirectory(checkpoint)
        && !Files.exists(checkpoint.resolve(TrainingCheckpoint.STATE))) {
      throw invalid(
          argument,
          "is " + named.get() + ", which is no checkpoint of a training: it has no "
              + TrainingCheckpoint.STATE);
    } else if (!Files.exists(checkpoint)) {
      throw invalid(argument, "is " + named.get() + ", which is not there");
    }
    return Optional.of(checkpoint);
  }

  private Optional<Path> latest() throws IOException {
    if (!Files.isDirectory(path)) {
      return Optional.empty();
    }
    try (Stream<Path> files = Files.list(path)) {
      return files
          .filter(file -> file.getFileName().toString().matches(CHECKPOINT + "\\d{1,18}"))
          .filter(file -> Files.exists(file.resolve(TrainingCheckpoint.STATE)))
          .max(Comparator.comparingLong(file ->
              Long.parseLong(file.getFileName().toString().substring(CHECKPOINT.length()))));
    }
  }

  /**
   * Write it, under another name first. What is there already stays unless it has the name of something that is written.
   *
   * @param model archive of the trained model
   * @param checkpoints archives by their steps
   */
  void write(Path model, Map<Long, Path> checkpoints, JsonNode summary) throws IOException {
    Files.createDirectories(path.getParent());
    Path partial = Files.createTempDirectory(path.getParent(), path.getFileName() + ".partial");
    try {
      ModelArchive.unpack(model, partial);
      Path trainer = partial.resolve(ModelArchive.TRAINER);
      Path state = partial.resolve(TrainingCheckpoint.STATE);
      Files.move(state, partial.resolve(state.getFileName()));
      WorkDirectory.delete(trainer);
      JSON.writerWithDefaultPrettyPrinter()
          .writeValue(partial.resolve("all_results.json").toFile(), summary);
      for (Map.Entry<Long, Path> checkpoint : checkpoints.entrySet()) {
        Path directory = Files.createDirectory(partial.resolve(CHECKPOINT + checkpoint.getKey()));
        ModelArchive.unpack(checkpoint.getValue(), directory);
      }
      moveIntoPlace(partial);
    } finally {
      WorkDirectory.delete(partial);
    }
  }

  private void moveIntoPlace(Path partial) throws IOException {
    // Temporary directories are their owner's alone; this one is as any other.
    Path ready = Files.createDirectory(partial.resolveSibling(partial.getFileName() + ".ready"));
    try {
      for (Path each : entries(partial)) {
        Files.move(each, ready.resolve(each.getFileName()));
      }
      if (isEmpty()) {
        Files.deleteIfExists(path);
        Files.move(ready, path, StandardCopyOption.ATOMIC_MOVE);
        return;
      }
      for (Path each : entries(ready)) {
        Path to = path.resolve(each.getFileName());
        if (Files.isDirectory(to)) {
          WorkDirectory.delete(to);
        }
        Files.move(each, to, StandardCopyOption.REPLACE_EXISTING);
      }
    } finally {
      WorkDirectory.delete(ready);
    }
  }

  private static List<Path> entries(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.toList();
    }
  }

  private static AgentOsException invalid(String argument, String what) {
    return new AgentOsException(ErrorCode.SETTINGS_INVALID, argument + " " + what, argument);
  }
}
