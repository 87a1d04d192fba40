package io.llmagentos.model.weights;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** The named tensors of a Hugging Face directory, mapped until closed; they must not be used afterwards. */
public final class ModelFiles implements AutoCloseable {
  private static final JsonMapper JSON = new JsonMapper();
  private static final String CONFIG = "config.json";
  private static final String SINGLE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";

  private static final Pattern WEIGHTS = Pattern.compile("model(-\\d+-of-\\d+)?\\.safetensors");

  private final String origin;
  private final Map<String, Tensor> tensors;
  private final Set<Path> files;
  private final Arena arena;

  private ModelFiles(String origin, Map<String, Tensor> tensors, Set<Path> files, Arena arena) {
    this.origin = origin;
    this.tensors = tensors;
    this.files = files;
    this.arena = arena;
  }

  /** Whether a file's name is that of a model's weights, or of a part of them. */
  public static boolean areWeights(Path file) {
    return WEIGHTS.matcher(file.getFileName().toString()).matches();
  }

  /**
   * Map either {@code model.safetensors} or the shards that {@code model.safetensors.index.json} names.
   *
   * @throws AgentOsException {@code MODEL_FILE_MISSING} or {@code MODEL_FILE_CORRUPT}
   */
  @SuppressWarnings("MustBeClosedChecker")
  public static ModelFiles open(Path directory) {
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
      files.add(directory.resolve(CONFIG));
      return new ModelFiles(directory.toString(), tensors, files, arena);
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /**
   * Map one safetensors file, whatever is in it.
   *
   * @throws AgentOsException {@code MODEL_FILE_CORRUPT}
   */
  @SuppressWarnings("MustBeClosedChecker")
  public static ModelFiles openFile(Path file) {
    Arena arena = Arena.ofShared();
    try {
      return new ModelFiles(file.toString(), Safetensors.read(file, arena), Set.of(file), arena);
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /** Tensors in memory. */
  @SuppressWarnings("MustBeClosedChecker")
  static ModelFiles of(Collection<Tensor> tensors) {
    Map<String, Tensor> byName = new LinkedHashMap<>();
    tensors.forEach(tensor -> byName.put(tensor.name(), tensor));
    return new ModelFiles("memory", byName, Set.of(), Arena.ofShared());
  }

  /**
   * Write {@code model.safetensors}, then {@code config.json}, each complete or not at all.
   *
   * @param others what {@code config.json} says besides the model's shape: special tokens, for instance
   */
  public static void write(
      Path directory, TransformerConfig config, ObjectNode others, Collection<Tensor> tensors)
      throws IOException {
    Files.createDirectories(directory);
    SafetensorsWriter.write(directory.resolve(SINGLE), tensors, Map.of("format", "pt"));
    Path partial = directory.resolve(CONFIG + ".partial");
    ObjectNode json = others.deepCopy();
    json.setAll(config.toJson());
    JSON.writerWithDefaultPrettyPrinter().writeValue(partial.toFile(), json);
    Files.move(
        partial,
        directory.resolve(CONFIG),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }

  /** All that the directory's {@code config.json} says. */
  public static ObjectNode config(Path directory) {
    return (ObjectNode) ConfigFile.read(directory.resolve(CONFIG)).json();
  }

  public boolean has(String name) {
    return tensors.containsKey(name);
  }

  /** Whether there is a tensor of that name and shape. */
  public boolean has(Parameter parameter) {
    Tensor tensor = tensors.get(parameter.name());
    return tensor != null && Arrays.equals(tensor.shape(), parameter.shape());
  }

  /** All of them, in the order of the files. */
  public Collection<Tensor> tensors() {
    return tensors.values();
  }

  /** Weight files and configuration. */
  Set<Path> files() {
    return files;
  }

  /** What {@code parameter} is stored as; names of the hub's first GPT-2 files lack the model's prefix. */
  public Tensor tensor(Parameter parameter) {
    String name = parameter.name();
    String bare = name.startsWith("transformer.") ? name.substring("transformer.".length()) : name;
    return tensor(!has(name) && has(bare) ? bare : name, parameter.shape());
  }

  /**
   * The tensor of that name.
   *
   * @throws AgentOsException {@code MODEL_FILE_CORRUPT} when it is absent, of another shape, or not of F32, F16 or BF16
   */
  Tensor tensor(String name, long... shape) {
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
}
