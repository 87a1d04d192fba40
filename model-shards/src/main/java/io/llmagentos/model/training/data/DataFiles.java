package io.llmagentos.model.training.data;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Which files paths, directories and globs stand for. */
final class DataFiles {
  private static final Set<String> EXTENSIONS = Set.of("txt", "json", "jsonl");
  private static final String GLOB = "*?[{";

  private DataFiles() {}

  /** Whether a file has JSON lines; any other is text. */
  static boolean isJsonLines(Path file) {
    String extension = extension(file);
    return extension.equals("json") || extension.equals("jsonl");
  }

  /**
   * The files, those of one pattern in the order of their names. A directory stands for all {@code .txt}, {@code .json} and {@code .jsonl} files in it.
   *
   * @param argument that has the patterns, for messages
   * @throws AgentOsException {@code DATASET_INVALID} for a pattern that stands for nothing
   */
  static List<Path> of(String argument, List<String> patterns) throws IOException {
    List<Path> files = new ArrayList<>();
    for (String pattern : patterns) {
      Set<Path> found = new TreeSet<>(of(pattern));
      if (found.isEmpty()) {
        throw new AgentOsException(
            ErrorCode.DATASET_INVALID,
            argument + " " + pattern + " is no file, and there are no .txt, .json or .jsonl files"
                + " that it stands for",
            argument);
      }
      files.addAll(found);
    }
    return files;
  }

  private static List<Path> of(String pattern) throws IOException {
    try {
      Path path = Path.of(pattern);
      if (Files.isRegularFile(path)) {
        return List.of(path);
      }
      if (Files.isDirectory(path)) {
        return walk(path, file -> EXTENSIONS.contains(extension(file)));
      }
    } catch (InvalidPathException e) {
      // A glob need not be a path everywhere.
    }
    int glob = 0;
    while (glob < pattern.length() && GLOB.indexOf(pattern.charAt(glob)) < 0) {
      glob++;
    }
    Path root = Path.of(pattern.substring(0, pattern.lastIndexOf('/', glob) + 1));
    if (glob == pattern.length() || !Files.isDirectory(root)) {
      return List.of();
    }
    return walk(root, FileSystems.getDefault().getPathMatcher("glob:" + pattern));
  }

  private static List<Path> walk(Path root, PathMatcher matcher) throws IOException {
    try (Stream<Path> files = Files.walk(root)) {
      return files.filter(Files::isRegularFile).filter(matcher::matches).toList();
    }
  }

  private static String extension(Path file) {
    String name = file.getFileName().toString();
    return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
  }
}
