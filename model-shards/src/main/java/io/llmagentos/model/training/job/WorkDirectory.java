package io.llmagentos.model.training.job;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A directory for the time of some work; nobody misses what is in it. */
final class WorkDirectory implements AutoCloseable {
  private final Path path;

  private WorkDirectory(Path path) {
    this.path = path;
  }

  /** A new one below another. */
  static WorkDirectory below(Path parent, String name) {
    try {
      Files.createDirectories(parent);
      return new WorkDirectory(Files.createTempDirectory(parent, name));
    } catch (IOException e) {
      throw unwritable(parent, e);
    }
  }

  Path path() {
    return path;
  }

  /** A directory in it, empty. */
  Path empty(String name) {
    Path directory = path.resolve(name);
    delete(directory);
    try {
      return Files.createDirectories(directory);
    } catch (IOException e) {
      throw unwritable(directory, e);
    }
  }

  /** That something cannot be written for want of room or rights. */
  static AgentOsException unwritable(Path path, IOException e) {
    return new AgentOsException(
        ErrorCode.ARTIFACT_UNWRITABLE,
        path + " cannot be written: " + e + "; checkpoints that were saved before are untouched",
        "llmagentos.node.data-dir",
        e);
  }

  /** Delete it with all that is in it, links without what they lead to. */
  static void delete(Path directory) {
    if (!Files.exists(directory)) {
      return;
    }
    try (Stream<Path> all = Files.walk(directory)) {
      List<Path> inwards = all.sorted(Comparator.reverseOrder()).toList();
      for (Path each : inwards) {
        Files.deleteIfExists(each);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    delete(path);
  }
}
