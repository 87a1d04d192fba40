package io.llmagentos.model.weights;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.HexFormat;

/** A model's configuration and named tensors, mapped from a Hugging Face directory until closed. Its tensors must not be used afterwards. */
public final class Checkpoint implements AutoCloseable {
  private final ModelConfig config;
  private final String version;
  private final ModelFiles files;

  private Checkpoint(ModelConfig config, String version, ModelFiles files) {
    this.config = config;
    this.version = version;
    this.files = files;
  }

  /**
   * Map the model in {@code directory}: {@code config.json} and its {@link ModelFiles}.
   *
   * @throws AgentOsException {@code MODEL_FILE_MISSING}, {@code MODEL_FILE_CORRUPT} or {@code MODEL_UNSUPPORTED}
   */
  public static Checkpoint open(Path directory) {
    ModelConfig config = ModelConfig.read(directory);
    ModelFiles files = ModelFiles.open(directory);
    try {
      return new Checkpoint(config, hash(files.files()), files);
    } catch (RuntimeException e) {
      files.close();
      throw e;
    }
  }

  /** A model in memory; its version is the caller's to choose. */
  public static Checkpoint of(ModelConfig config, String version, Collection<Tensor> tensors) {
    return new Checkpoint(config, version, ModelFiles.of(tensors));
  }

  public ModelConfig config() {
    return config;
  }

  /** SHA-256 over configuration and weight files, in hexadecimal. */
  public String version() {
    return version;
  }

  public boolean has(String name) {
    return files.has(name);
  }

  /**
   * The tensor of that name.
   *
   * @throws AgentOsException {@code MODEL_FILE_CORRUPT} when it is absent, of another shape, or not of F32, F16 or BF16
   */
  public Tensor tensor(String name, long... shape) {
    return files.tensor(name, shape);
  }

  @Override
  public void close() {
    files.close();
  }

  private static String hash(Collection<Path> files) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] buffer = new byte[1 << 20];
      for (Path file : files) {
        try (InputStream in = Files.newInputStream(file)) {
          for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
            digest.update(buffer, 0, read);
          }
        }
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (IOException e) {
      throw new AgentOsException(
          ErrorCode.MODEL_FILE_CORRUPT, "cannot be read: " + e.getMessage(), null, e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
