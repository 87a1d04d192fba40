package io.llmagentos.model.training.job;

import com.typesafe.config.Config;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * See {@code reference.conf}.
 *
 * @param anywhere whether trainings may read and write wherever the node can
 * @param directories below which they may otherwise
 */
record TrainingSettings(boolean anywhere, List<Path> directories) {
  private static final String DIRECTORIES = "llmagentos.training.directories";

  TrainingSettings {
    directories = List.copyOf(directories);
  }

  static TrainingSettings create(Config section, boolean localOnly) {
    List<Path> directories = section.getStringList("directories").stream()
        .map(directory -> real(Path.of(directory)))
        .toList();
    return new TrainingSettings(localOnly && directories.isEmpty(), directories);
  }

  /** Throws {@code FORBIDDEN} for a path outside of what is allowed. A glob counts by what stands before it. */
  void require(String argument, String path) {
    int end = 0;
    while (end < path.length() && "*?[{".indexOf(path.charAt(end)) < 0) {
      end++;
    }
    Path fixed =
        Path.of(end == path.length() ? path : path.substring(0, path.lastIndexOf('/', end) + 1));
    boolean climbs = path.substring(end).contains("..");
    Path real = real(fixed);
    if (!anywhere && (climbs || directories.stream().noneMatch(real::startsWith))) {
      throw new AgentOsException(
          ErrorCode.FORBIDDEN,
          argument + " is " + path + "; trainings of this cluster read and write below "
              + directories + " only (" + DIRECTORIES + ")",
          argument);
    }
  }

  /** Where it lies, symbolic links followed as far as there is anything. */
  private static Path real(Path path) {
    Path there = path.toAbsolutePath().normalize();
    Path missing = Path.of("");
    while (there.getParent() != null && !Files.exists(there)) {
      missing = there.getFileName().resolve(missing);
      there = there.getParent();
    }
    try {
      return there.toRealPath().resolve(missing).normalize();
    } catch (IOException unreadable) {
      return there.resolve(missing).normalize();
    }
  }
}
