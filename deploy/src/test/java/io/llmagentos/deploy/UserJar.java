package io.llmagentos.deploy;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;

/** A jar as a user makes it: sources compiled against the distribution's jars, and what lies beside them. */
final class UserJar {
  private UserJar() {}

  /** Returns the jar of a directory of sources and resources. */
  static Path of(Path directory) {
    try {
      Path classes = Files.createTempDirectory("user-jar");
      String classPath = Distribution.jars().stream()
          .map(Path::toString)
          .collect(Collectors.joining(File.pathSeparator));
      List<String> arguments = Stream.concat(
              Stream.of("-d", classes.toString(), "-cp", classPath, "-proc:none"),
              files(directory).map(Path::toString).filter(file -> file.endsWith(".java")))
          .toList();
      if (ToolProvider.getSystemJavaCompiler()
              .run(null, System.err, System.err, arguments.toArray(String[]::new))
          != 0) {
        throw new IllegalStateException(directory + " does not compile");
      }
      Path jar = classes.resolveSibling(classes.getFileName() + ".jar").toAbsolutePath();
      try (OutputStream file = Files.newOutputStream(jar);
          JarOutputStream out = new JarOutputStream(file)) {
        for (Path root : List.of(classes, directory)) {
          for (Path each :
              files(root).filter(path -> !path.toString().endsWith(".java")).toList()) {
            out.putNextEntry(new JarEntry(root.relativize(each).toString()));
            Files.copy(each, out);
          }
        }
      }
      return jar;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Stream<Path> files(Path root) throws IOException {
    try (Stream<Path> all = Files.walk(root)) {
      return all.filter(Files::isRegularFile).sorted().toList().stream();
    }
  }
}
