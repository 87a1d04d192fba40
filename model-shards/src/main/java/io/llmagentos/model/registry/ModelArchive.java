package io.llmagentos.model.registry;

import io.llmagentos.model.weights.ModelConfig;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * A model directory in Hugging Face's layout as one file: a zip that any tool opens, with the bytes as they are and times of zero, so that the same directory
 * is the same artifact. A checkpoint of a training is one, too; what only the training needs lies below {@value #TRAINER}.
 */
public final class ModelArchive {
  /** Optimizer and progress of a training. */
  public static final String TRAINER = "trainer/";

  private static final String CONFIG = "config.json";

  private ModelArchive() {}

  /** Write the files of a directory, those below it included. */
  public static void write(Path directory, OutputStream out) throws IOException {
    try (Stream<Path> found = Files.walk(directory)) {
      List<Path> files = found.filter(Files::isRegularFile).sorted().toList();
      ZipOutputStream zip = new ZipOutputStream(out);
      zip.setLevel(Deflater.NO_COMPRESSION);
      for (Path file : files) {
        ZipEntry entry = new ZipEntry(directory.relativize(file).toString().replace('\\', '/'));
        entry.setTime(0);
        zip.putNextEntry(entry);
        Files.copy(file, zip);
        zip.closeEntry();
      }
      zip.finish();
    }
  }

  /** @throws AgentOsException for an archive whose model this version cannot serve, naming what it is */
  public static void requireServable(Path archive) {
    try {
      Path look = Files.createTempDirectory("agentos-model");
      Path config = look.resolve(CONFIG);
      try {
        unpack(archive, look, name -> name.equals(CONFIG));
        ModelConfig.read(look);
      } finally {
        Files.deleteIfExists(config);
        Files.delete(look);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Unpack the model alone. */
  public static void unpackModel(Path archive, Path directory) {
    unpack(archive, directory, name -> !name.startsWith(TRAINER));
  }

  public static void unpack(Path archive, Path directory) {
    unpack(archive, directory, name -> true);
  }

  private static void unpack(Path archive, Path directory, Predicate<String> wanted) {
    try (ZipFile zip = new ZipFile(archive.toFile())) {
      Enumeration<? extends ZipEntry> entries = zip.entries();
      while (entries.hasMoreElements()) {
        ZipEntry entry = entries.nextElement();
        Path to = directory.resolve(entry.getName()).normalize();
        if (!to.startsWith(directory)) {
          throw new AgentOsException(
              ErrorCode.CHECKPOINT_INVALID,
              archive + " has an entry outside of itself: " + entry.getName());
        }
        if (!entry.isDirectory() && wanted.test(entry.getName())) {
          Files.createDirectories(to.getParent());
          Files.copy(zip.getInputStream(entry), to);
        }
      }
    } catch (ZipException e) {
      throw new AgentOsException(
          ErrorCode.CHECKPOINT_INVALID,
          archive + " holds no model: it is not a zip file (" + e.getMessage() + ")",
          null,
          e);
    } catch (IOException e) {
      throw new AgentOsException(
          ErrorCode.DATA_DIRECTORY_UNUSABLE,
          archive + " cannot be unpacked to " + directory + ": " + e,
          "llmagentos.node.data-dir",
          e);
    }
  }
}
