package io.llmagentos.model.training.trainer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.model.tokenizer.Tokenizer;
import io.llmagentos.model.tokenizer.training.TrainedTokenizer;
import io.llmagentos.model.training.EngineSettings;
import io.llmagentos.model.training.Kernels;
import io.llmagentos.model.training.Precision;
import io.llmagentos.model.training.Transformer;
import io.llmagentos.model.training.arguments.Argument;
import io.llmagentos.model.training.arguments.Arguments;
import io.llmagentos.model.training.arguments.ModelArguments;
import io.llmagentos.model.training.arguments.TrainingArguments;
import io.llmagentos.model.training.data.Corpus;
import io.llmagentos.model.training.data.Datasets;
import io.llmagentos.model.training.data.Examples;
import io.llmagentos.model.weights.BertConfig;
import io.llmagentos.model.weights.ModelFiles;
import io.llmagentos.model.weights.ShippedModel;
import io.llmagentos.model.weights.T5Config;
import io.llmagentos.model.weights.TransformerConfig;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * What the ranks of a language model's training read, as files below one directory, made once of what the arguments name: the model to begin with in
 * {@code model} (without weights where it begins with random ones) and the tokens in {@code data}. The same arguments and files give the same bytes.
 */
public final class TrainingFiles {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String CONFIG = "config.json";
  private static final String WEIGHTS = ".safetensors";
  private static final String GENERATION = "generation_config.json";

  /** What belongs to a tokenizer. */
  private static final Set<String> TOKENIZER = Set.of(
      Tokenizer.FILE,
      SpecialTokens.FILE,
      "special_tokens_map.json",
      "added_tokens.json",
      "vocab.json",
      "merges.txt",
      "vocab.txt",
      "chat_template.jinja");

  /** Ends of the names of a model's files. */
  private static final List<String> MODEL = List.of(".json", WEIGHTS, ".txt", ".model", ".jinja");

  /** What a training before this one left beside its model. */
  private static final Set<String> LEFT = Set.of("trainer_state.json", "all_results.json");

  private final Arguments arguments;
  private final Task task;
  private final Path model;
  private final Path data;

  private TrainingFiles(Arguments arguments, Path directory) throws IOException {
    this.arguments = arguments;
    this.task = Task.of(arguments);
    this.model = Files.createDirectories(model(directory));
    this.data = Files.createDirectories(data(directory));
  }

  /** The model's directory below that of the files. */
  public static Path model(Path directory) {
    return directory.resolve("model");
  }

  /** Of files of a training by their paths, those with weights of the model to begin with. */
  public static Map<String, String> weights(Map<String, String> files) {
    Map<String, String> weights = new TreeMap<>(files);
    weights.keySet().removeIf(file -> !file.startsWith("model/") || !file.endsWith(WEIGHTS));
    return weights;
  }

  private static Path data(Path directory) {
    return directory.resolve("data");
  }

  /**
   * Look at all that can be known before the texts are read.
   *
   * @param directory an empty one for the time of the check
   * @throws AgentOsException that names the argument
   */
  public static void check(Arguments arguments, Path directory) throws IOException {
    Corpus.requireFiles(arguments);
    TrainingFiles files = new TrainingFiles(arguments, directory);
    files.layOutModel();
    if (files.task.makesTokenizer() || files.trainsTokenizer()) {
      files.writeConfig(arguments.get(ModelArguments.VOCAB_SIZE).orElse(1));
    } else {
      try (Tokenizer tokenizer = files.sourceTokenizer()) {
        files.writeConfig(tokenizer.vocabulary().size());
        files.task.check(files.model, tokenizer);
      }
    }
    files.task.check(files.config());
    ModelArguments.lora(arguments).ifPresent(lora -> lora.check(files.config()));
  }

  private boolean trainsTokenizer() {
    return arguments.find(ModelArguments.TOKENIZER_TYPE).isPresent();
  }

  /**
   * Make the files.
   *
   * @param directory an empty one; the model's weights become links to where they are
   * @throws AgentOsException {@code DATASET_INVALID} and what names an argument
   */
  public static void prepare(Arguments arguments, Path directory) throws IOException {
    TrainingFiles files = new TrainingFiles(arguments, directory);
    Corpus.Splits splits = Corpus.of(arguments);
    files.layOutModel();
    files.task.layOut(files.model, splits.train());
    if (files.trainsTokenizer()) {
      TrainedTokenizer trained = Datasets.trainTokenizer(splits.train(), arguments);
      files.writeConfig(trained.size());
      trained.write(files.model, files.config().contextLength());
    }
    try (Tokenizer tokenizer = Tokenizer.load(files.model)) {
      files.writeConfig(tokenizer.vocabulary().size());
      files.writeGenerationConfig(tokenizer);
      files.task.check(files.config());
      files.task.prepare(files.model, files.data, splits, tokenizer);
      open(arguments, directory, files.config()).close();
    }
  }

  /**
   * The data.
   *
   * @param config of the model that is trained
   */
  public static TrainingData open(Arguments arguments, Path directory, TransformerConfig config)
      throws IOException {
    Task task = Task.of(arguments);
    Examples train = task.open(data(directory), Corpus.Splits.TRAIN, config);
    try {
      return new TrainingData(
          train,
          arguments.evaluates()
              ? Optional.of(task.open(data(directory), Corpus.Splits.VALIDATION, config))
              : Optional.empty(),
          task.collator(model(directory), config),
          task.evaluationCollator(model(directory), config),
          task.metrics());
    } catch (IOException | RuntimeException e) {
      train.close();
      throw e;
    }
  }

  /** The model that a training begins with. */
  public static Transformer initial(Arguments arguments, Path directory, EngineSettings engine)
      throws IOException {
    Task task = Task.of(arguments);
    long seed = arguments.get(TrainingArguments.SEED);
    try (Stream<Path> files = Files.list(model(directory))) {
      Transformer model = files.anyMatch(ModelFiles::areWeights)
          ? task.load(model(directory), engine)
          : Transformer.initial(task.config(model(directory)), engine, seed);
      try {
        ModelArguments.lora(arguments).ifPresent(lora -> model.addAdapter(lora, seed));
        return model;
      } catch (RuntimeException e) {
        model.close();
        throw e;
      }
    }
  }

  /**
   * The model as a checkpoint has it, to the bit.
   *
   * @param directory of the files of its training, which has what an adapter adapts
   * @throws AgentOsException {@code CHECKPOINT_INVALID}
   */
  public static Transformer resumed(
      Arguments arguments, Path directory, Path checkpoint, EngineSettings engine)
      throws IOException {
    if (ModelArguments.lora(arguments).isEmpty()) {
      return TrainingCheckpoint.load(checkpoint, engine);
    }
    Transformer model = initial(arguments, directory, engine);
    try {
      TrainingCheckpoint.restore(model, checkpoint);
      return model;
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
  }

  /** How the model of such files is computed on this machine. */
  public static EngineSettings engine(Arguments arguments, Path directory) throws IOException {
    Precision precision =
        arguments.get(TrainingArguments.BF16) ? Precision.BFLOAT16 : Precision.FLOAT32;
    Optional<Kernels> kernels = arguments.get(TrainingArguments.KERNELS);
    if (kernels.isPresent()) {
      return new EngineSettings(precision, kernels.get(), true);
    }
    TransformerConfig config = Task.of(arguments).config(model(directory));
    try (TrainingData data = open(arguments, directory, config)) {
      int rows = arguments.get(TrainingArguments.PER_DEVICE_TRAIN_BATCH_SIZE);
      long[] sample = LongStream.range(0, Math.min(rows, data.train().size())).toArray();
      return EngineSettings.fastest(
          config,
          ModelArguments.lora(arguments).orElse(null),
          precision,
          data.collator().collate(data.train(), sample, 0));
    }
  }

  // ---- the model

  private void layOutModel() throws IOException {
    Optional<Path> source = source(ModelArguments.MODEL_NAME_OR_PATH);
    Optional<Path> tokenizer = source(ModelArguments.TOKENIZER_NAME);
    if (isShipped(ModelArguments.MODEL_NAME_OR_PATH)) {
      ShippedModel.copy(ShippedModel.NANO, model);
    } else if (source.isPresent()) {
      TransformerConfig unused =
          in(ModelArguments.MODEL_NAME_OR_PATH, () -> task.config(source.get()));
      Set<String> others = tokenizer.isPresent() ? TOKENIZER : Set.of();
      link(
          source.get(),
          name -> MODEL.stream().anyMatch(name::endsWith)
              && !LEFT.contains(name)
              && !others.contains(name));
    } else {
      Files.writeString(model.resolve(CONFIG), configFromArguments().toPrettyString());
    }
    if (tokenizer.isPresent()) {
      link(tokenizer.get(), TOKENIZER::contains);
    }
  }

  private Tokenizer sourceTokenizer() {
    Path directory = source(ModelArguments.TOKENIZER_NAME)
        .or(() -> source(ModelArguments.MODEL_NAME_OR_PATH))
        .orElse(model);
    return in(Task.tokenizerArgument(arguments), () -> Tokenizer.load(directory));
  }

  /** What reading says, of the argument that named the file. */
  private static <T> T in(Argument<?> argument, Supplier<T> read) {
    try {
      return read.get();
    } catch (AgentOsException e) {
      throw new AgentOsException(e.code(), argument + ": " + e.getMessage(), argument.name(), e);
    }
  }

  private Optional<Path> source(Argument<Optional<String>> argument) {
    return arguments
        .find(argument)
        .filter(named -> !isShipped(argument))
        .map(named -> requireDirectory(argument.name(), named));
  }

  /** The model that comes with the project goes by its name. */
  private boolean isShipped(Argument<Optional<String>> argument) {
    return arguments.find(argument).orElse("").equals(ShippedModel.NANO)
        && !Files.isDirectory(Path.of(ShippedModel.NANO));
  }

  private static Path requireDirectory(String argument, String directory) {
    Path path = Path.of(directory).toAbsolutePath();
    if (!Files.isDirectory(path)) {
      throw invalid(argument, "is " + directory + ", which is no directory on this node");
    }
    return path;
  }

  private void link(Path source, Predicate<String> wanted) throws IOException {
    try (Stream<Path> files = Files.list(source)) {
      for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
        Path to = model.resolve(file.getFileName().toString());
        if (wanted.test(file.getFileName().toString())) {
          Files.deleteIfExists(to);
          if (ModelFiles.areWeights(file)) {
            Files.createSymbolicLink(to, file.toAbsolutePath());
          } else {
            Files.copy(file, to);
          }
        }
      }
    }
  }

  private ObjectNode configFromArguments() throws IOException {
    Object given = arguments.get(ModelArguments.CONFIG).orElseThrow();
    ObjectNode config;
    if (given instanceof String path) {
      Path file = Path.of(path);
      Path json = Files.isDirectory(file) ? file.resolve(CONFIG) : file;
      if (!Files.isRegularFile(json)) {
        throw invalid(ModelArguments.CONFIG.name(), "is " + path + ", which is no file here");
      }
      config = object(json, ModelArguments.CONFIG.name());
    } else {
      config = JSON.valueToTree(given);
    }
    config.setAll((ObjectNode) JSON.valueToTree(arguments.get(ModelArguments.CONFIG_OVERRIDES)));
    return config;
  }

  /** With as many tokens as the tokenizer has where it does not say how many. */
  private void writeConfig(int vocabulary) throws IOException {
    ObjectNode config = object(model.resolve(CONFIG), CONFIG);
    if (!config.has("vocab_size")) {
      config.put("vocab_size", vocabulary);
      Files.writeString(model.resolve(CONFIG), config.toPrettyString());
    }
    if (vocabulary > config().vocabSize()) {
      Argument<?> argument = arguments.find(ModelArguments.CONFIG).isPresent()
          ? ModelArguments.CONFIG
          : Task.tokenizerArgument(arguments);
      throw invalid(
          argument.name(),
          "does not fit: the model has a vocab_size of " + config().vocabSize()
              + ", the tokenizer has " + vocabulary + " tokens");
    }
  }

  private TransformerConfig config() {
    try {
      return task.config(model);
    } catch (AgentOsException e) {
      if (arguments.find(ModelArguments.CONFIG).isEmpty()) {
        throw e;
      }
      String what = String.valueOf(e.getMessage());
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID,
          what.replace(model.resolve(CONFIG).toString(), ModelArguments.CONFIG.name()),
          ModelArguments.CONFIG.name(),
          e);
    }
  }

  /** Of a model that generates and has none: what tokenizer and model know. */
  private void writeGenerationConfig(Tokenizer tokenizer) throws IOException {
    Path file = model.resolve(GENERATION);
    TransformerConfig config = config();
    if (Files.exists(file) || config instanceof BertConfig) {
      return;
    }
    ObjectNode generation = JSON.createObjectNode().put("_from_model_config", true);
    for (String role : List.of("bos_token", "eos_token", "pad_token")) {
      SpecialTokens.id(model, tokenizer, role).ifPresent(id -> generation.put(role + "_id", id));
    }
    if (config instanceof T5Config t5) {
      generation
          .put("decoder_start_token_id", t5.decoderStartTokenId())
          .put("eos_token_id", t5.eosTokenId())
          .put("pad_token_id", t5.padTokenId());
    }
    Files.writeString(file, generation.toPrettyString());
  }

  private static ObjectNode object(Path file, String name) throws IOException {
    try {
      if (JSON.readTree(Files.readAllBytes(file)) instanceof ObjectNode object) {
        return object;
      }
      throw invalid(name, "is no JSON object: " + file);
    } catch (JsonProcessingException e) {
      throw invalid(name, "is not JSON: " + file + ": " + e.getOriginalMessage());
    }
  }

  private static AgentOsException invalid(String argument, String what) {
    return new AgentOsException(ErrorCode.SETTINGS_INVALID, argument + " " + what, argument);
  }
}
