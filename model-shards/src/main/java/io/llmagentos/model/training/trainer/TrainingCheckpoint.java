package io.llmagentos.model.training.trainer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.model.training.EngineSettings;
import io.llmagentos.model.training.Kernels;
import io.llmagentos.model.training.Precision;
import io.llmagentos.model.training.Transformer;
import io.llmagentos.model.weights.ModelFiles;
import io.llmagentos.model.weights.SafetensorsWriter;
import io.llmagentos.model.weights.Tensor;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A training as a directory: the model in Hugging Face's layout, and in {@code trainer} what only the training needs.
 *
 * <pre>
 * config.json  generation_config.json  model.safetensors  tokenizer.json ...
 * adapter/adapter_config.json  adapter/adapter_model.safetensors   what an adapter has learnt; the model has it added to its weights
 * trainer/trainer_state.json   step, best model, what was logged; kernels and precision; what the trainer's owner adds
 * trainer/optimizer.safetensors   the moments of AdamW
 * </pre>
 *
 * @param files what the owner said when it was written
 */
public record TrainingCheckpoint(
    TrainerState state, EngineSettings engine, Map<String, String> files) {
  /** Beside the model. */
  public static final String STATE = "trainer/trainer_state.json";

  /** What a training with {@code peft_config} has learnt, as PEFT reads it. */
  public static final String ADAPTER = "adapter";

  private static final String OPTIMIZER = "trainer/optimizer.safetensors";
  private static final String OPTIMIZER_TENSORS = "optimizer.";
  private static final String CONFIG = "config.json";
  private static final ObjectMapper JSON = new ObjectMapper();

  public TrainingCheckpoint {
    files = Map.copyOf(files);
  }

  /**
   * Write it.
   *
   * @param from a model's directory whose other files (tokenizer, generation) go along, and whose configuration keeps what the engine does not know
   * @param directory an empty one
   */
  public void write(Transformer model, Path from, Path directory) throws IOException {
    try (Stream<Path> found = Files.list(from)) {
      for (Path file : found.filter(Files::isRegularFile).sorted().toList()) {
        String name = file.getFileName().toString();
        if (!ModelFiles.areWeights(file) && !name.endsWith(".safetensors.index.json")) {
          Files.copy(file, directory.resolve(name));
        }
      }
    }
    JsonNode before = JSON.readTree(directory.resolve(CONFIG).toFile());
    model.save(directory);
    if (model.hasAdapter()) {
      model.saveAdapter(directory.resolve(ADAPTER));
    }
    ObjectNode config = before.deepCopy();
    config.setAll((ObjectNode) JSON.readTree(directory.resolve(CONFIG).toFile()));
    put(directory.resolve(CONFIG), config);
    Files.createDirectories(directory.resolve(STATE).getParent());
    List<Tensor> moments = model.state().stream()
        .filter(tensor -> tensor.name().startsWith(OPTIMIZER_TENSORS))
        .toList();
    SafetensorsWriter.write(directory.resolve(OPTIMIZER), moments, Map.of());
    ObjectNode json = state.toJson();
    json.put("precision", id(engine.precision()))
        .put("kernels", id(engine.kernels()))
        .put("fused_attention", engine.fusedAttention());
    files.forEach(json.putObject("files")::put);
    put(directory.resolve(STATE), json);
  }

  private static String id(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  private static void put(Path file, JsonNode json) throws IOException {
    JSON.writerWithDefaultPrettyPrinter().writeValue(file.toFile(), json);
  }

  /** Read {@link #STATE}. Throws {@code CHECKPOINT_INVALID}. */
  public static TrainingCheckpoint read(InputStream stateJson) throws IOException {
    JsonNode json = JSON.readTree(stateJson);
    Map<String, String> files = new TreeMap<>();
    json.path("files")
        .properties()
        .forEach(e -> files.put(e.getKey(), e.getValue().asText()));
    try {
      return new TrainingCheckpoint(
          TrainerState.of(json),
          new EngineSettings(
              Precision.valueOf(json.path("precision").asText().toUpperCase(Locale.ROOT)),
              Kernels.valueOf(json.path("kernels").asText().toUpperCase(Locale.ROOT)),
              json.path("fused_attention").asBoolean()),
          files);
    } catch (IllegalArgumentException e) {
      throw new AgentOsException(
          ErrorCode.CHECKPOINT_INVALID,
          "the checkpoint was computed by kernels that this version does not know: "
              + json.path("kernels") + " in " + json.path("precision"));
    }
  }

  /** Read the state of a checkpoint's directory. Throws {@code CHECKPOINT_INVALID}. */
  public static TrainingCheckpoint read(Path directory) throws IOException {
    if (!Files.isRegularFile(directory.resolve(STATE))) {
      throw new AgentOsException(
          ErrorCode.CHECKPOINT_INVALID,
          directory + " is no checkpoint of a training: it has no " + STATE);
    }
    try (InputStream in = Files.newInputStream(directory.resolve(STATE))) {
      return read(in);
    }
  }

  /**
   * The model and its optimizer as they were saved, to the bit.
   *
   * @throws AgentOsException {@code CHECKPOINT_INVALID} that names a tensor that is missing or has another shape
   */
  public static Transformer load(Path directory, EngineSettings engine) {
    Transformer model = Transformer.load(directory, engine);
    try {
      restore(model, directory);
      return model;
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
  }

  /**
   * Bring a model to where it was saved, to the bit; of one with an adapter what has learnt.
   *
   * @throws AgentOsException {@code CHECKPOINT_INVALID} that names a tensor that is missing or has another shape
   */
  static void restore(Transformer model, Path directory) {
    Path adapter = directory.resolve(ADAPTER).resolve(Transformer.ADAPTER_WEIGHTS);
    if (model.hasAdapter() && !Files.isRegularFile(adapter)) {
      throw new AgentOsException(
          ErrorCode.CHECKPOINT_INVALID,
          "the checkpoint has no " + ADAPTER + "/" + Transformer.ADAPTER_WEIGHTS
              + ": all weights were trained, not a peft_config");
    }
    try (ModelFiles weights =
            model.hasAdapter() ? ModelFiles.openFile(adapter) : ModelFiles.open(directory);
        ModelFiles moments = ModelFiles.openFile(directory.resolve(OPTIMIZER))) {
      List<Tensor> all = new ArrayList<>(Transformer.adapterTensors(weights));
      all.addAll(moments.tensors());
      model.restore(all);
    }
  }
}
