package io.llmagentos.model.weights;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** A model's configuration and named tensors, mapped from a Hugging Face directory until closed. Its tensors must not be used afterwards. */
public final class Checkpoint implements AutoCloseable {
  private static final String SINGLE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";

  private final ModelConfig config;
  private final String version;
  private final String origin;
  private final Map<String, Tensor> tensors;
  private final Arena arena;

  private Checkpoint(
      ModelConfig config, String version, String origin, Map<String, Tensor> tensors, Arena arena) {
    this.config = config;
    this.version = version;
    this.origin = origin;
    this.tensors = tensors;
    this.arena = arena;
  }

  /**
   * Map the model in {@code directory}: {@code config.json} with either {@code model.safetensors} or the shards that
   * {@code model.safetensors.index.json} names.
   *
   * @throws AgentOsException {@code MODEL_FILE_MISSING}, {@code MODEL_FILE_CORRUPT} or {@code MODEL_UNSUPPORTED}
   */
  @SuppressWarnings("MustBeClosedChecker")
  public static Checkpoint open(Path directory) {
    ModelConfig config = ModelConfig.read(directory);
    Arena arena = Arena.ofShared();
    try {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      TreeSet<Path> files = new TreeSet<>();
      if (Files.isRegularFile(directory.resolve(SINGLE))) {
        files.add(directory.resolve(SINGLE));
        tensors.putAll(Safetensors.read(directory.resolve(SINGLE), arena));
      } else if (Files.isRegularFile(directory.resolve(INDEX))) {
        Map<String, String> index = readIndex(directory.resolve(INDEX));
        index.values().forEach(shard -> files.add(directory.resolve(shard)));
        tensors.putAll(readShards(directory, index, arena));
      } else {
        throw new AgentOsException(
            ErrorCode.MODEL_FILE_MISSING, directory + " holds neither " + SINGLE + " nor " + INDEX);
      }
      files.add(directory.resolve("config.json"));
      return new Checkpoint(config, hash(files), directory.toString(), tensors, arena);
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /** A model in memory; its version is the caller's to choose. */
  @SuppressWarnings("MustBeClosedChecker")
  public static Checkpoint of(ModelConfig config, String version, Collection<Tensor> tensors) {
    Map<String, Tensor> byName = new LinkedHashMap<>();
    tensors.forEach(tensor -> byName.put(tensor.name(), tensor));
    return new Checkpoint(config, version, "memory", byName, Arena.ofShared());
  }

  public ModelConfig config() {
    return config;
  }

  /** SHA-256 over configuration and weight files, in hexadecimal. */
  public String version() {
    return version;
  }

  public boolean has(String name) {
    return tensors.containsKey(name);
  }

  /**
   * The tensor of that name.
   *
   * @throws AgentOsException {@code MODEL_FILE_CORRUPT} when it is absent, of another shape, or not of F32, F16 or BF16
   */
  public Tensor tensor(String name, long... shape) {
    Tensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new AgentOsException(
          ErrorCode.MODEL_FILE_CORRUPT,
          origin + " has no tensor " + name + ", expected one of shape " + Arrays.toString(shape));
    }
    if (!Arrays.equals(shape, tensor.shape())) {
      throw new AgentOsException(
          ErrorCode.MODEL_FILE_CORRUPT,
          tensor.origin() + " tensor " + name + " has shape " + Arrays.toString(tensor.shape())
              + ", config.json asks for " + Arrays.toString(shape));
    }
    if (!tensor.dtype().isReadable()) {
      throw new AgentOsException(
          ErrorCode.MODEL_FILE_CORRUPT,
          tensor.origin() + " tensor " + name + " has dtype " + tensor.dtype()
              + ", expected F32, F16 or BF16");
    }
    return tensor;
  }

  @Override
  public void close() {
    arena.close();
  }

  private static Map<String, String> readIndex(Path file) {
    ConfigFile index = ConfigFile.read(file);
    Map<String, String> shards = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : index.object("weight_map").json().properties()) {
      String shard = entry.getValue().asText();
      if (!shard.matches("[A-Za-z0-9._-]+\\.safetensors")) {
        throw new AgentOsException(
            ErrorCode.MODEL_FILE_CORRUPT,
            file + ": tensor " + entry.getKey() + " lies in " + entry.getValue()
                + ", expected the name of a .safetensors file beside the index");
      }
      shards.put(entry.getKey(), shard);
    }
    return shards;
  }

  private static Map<String, Tensor> readShards(
      Path directory, Map<String, String> index, Arena arena) {
    Map<String, Map<String, Tensor>> shards = new TreeMap<>();
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    index.forEach((name, shard) -> {
      Tensor tensor = shards
          .computeIfAbsent(shard, file -> Safetensors.read(directory.resolve(file), arena))
          .get(name);
      if (tensor == null) {
        throw new AgentOsException(
            ErrorCode.MODEL_FILE_CORRUPT,
            directory.resolve(shard) + " has no tensor " + name + ", which " + INDEX
                + " places there");
      }
      tensors.put(name, tensor);
    });
    return tensors;
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
