package io.llmagentos.model.weights;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The model in the jar: the resources {@code /models/NAME/}, unpacked once by content hash, so that nodes of one data directory and later versions
 * never disturb each other.
 */
public final class ShippedModel {
  public static final String NANO = "agentos-nano";
  private static final List<String> REQUIRED =
      List.of("config.json", "model.safetensors", "tokenizer.json", "agentos.json");
  private static final List<String> OPTIONAL =
      List.of("generation_config.json", "tokenizer_config.json", "ngrams.safetensors", "README.md");

  private ShippedModel() {}

  /**
   * @param models the directory below which it is unpacked
   * @return its directory; empty: the jar has no such model
   */
  public static Optional<Path> unpack(String name, Path models) {
    String base = "/models/" + name + "/";
    try {
      for (String file : REQUIRED) {
        if (ShippedModel.class.getResource(base + file) == null) {
          return Optional.empty();
        }
      }
      Path directory = models.resolve(name + "-" + hash(base));
      if (!Files.isDirectory(directory)) {
        Files.createDirectories(models);
        Path unpacking = Files.createTempDirectory(models, name);
        copy(name, unpacking);
        publish(unpacking, directory);
      }
      return Optional.of(directory);
    } catch (IOException e) {
      throw new AgentOsException(
          ErrorCode.DATA_DIRECTORY_UNUSABLE,
          "model " + name + " cannot be unpacked to " + models + ": " + e.getMessage(),
          "llmagentos.node.data-dir",
          e);
    }
  }

  /** Copies its files into a directory. */
  public static void copy(String name, Path directory) throws IOException {
    for (String file : Stream.concat(REQUIRED.stream(), OPTIONAL.stream()).toList()) {
      try (InputStream in =
          ShippedModel.class.getResourceAsStream("/models/" + name + "/" + file)) {
        if (in != null) {
          Files.copy(in, directory.resolve(file));
        }
      }
    }
  }

  /** Whole or not at all; when another node was faster, its copy is the same. */
  private static void publish(Path unpacking, Path directory) throws IOException {
    try {
      Files.move(unpacking, directory, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileAlreadyExistsException | DirectoryNotEmptyException e) {
      try (Stream<Path> files = Files.list(unpacking)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(unpacking);
    }
  }

  private static String hash(String base) throws IOException {
    MessageDigest digest = sha256();
    for (String file : Stream.concat(REQUIRED.stream(), OPTIONAL.stream()).toList()) {
      try (@Nullable InputStream in = ShippedModel.class.getResourceAsStream(base + file)) {
        if (in != null) {
          digest.update(file.getBytes(StandardCharsets.UTF_8));
          byte[] buffer = new byte[1 << 16];
          for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
            digest.update(buffer, 0, n);
          }
        }
      }
    }
    return HexFormat.of().formatHex(digest.digest(), 0, 8);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
