package io.llmagentos.model;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigUtil;
import io.llmagentos.model.chat.ChatMessage;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.ChatRequest;
import io.llmagentos.model.chat.Sampling;
import io.llmagentos.model.chat.ToolCall;
import io.llmagentos.model.chat.ToolChoice;
import io.llmagentos.model.chat.ToolSpecification;
import io.llmagentos.model.engine.CpuEngine;
import io.llmagentos.model.engine.CpuEngineSettings;
import io.llmagentos.model.engine.WeightStorage;
import io.llmagentos.model.generation.ChatFormat;
import io.llmagentos.model.registry.ModelRegistry;
import io.llmagentos.model.registry.ModelRoutes;
import io.llmagentos.model.registry.PublicationIndex;
import io.llmagentos.model.registry.PublishedModels;
import io.llmagentos.model.remote.OpenAiModel;
import io.llmagentos.model.scripted.ScriptedModel;
import io.llmagentos.model.serving.Assignment;
import io.llmagentos.model.serving.LanguageModel;
import io.llmagentos.model.serving.LocalModel;
import io.llmagentos.model.serving.LocalModelSettings;
import io.llmagentos.model.serving.ModelDoor;
import io.llmagentos.model.serving.ModelRouter;
import io.llmagentos.model.serving.Models;
import io.llmagentos.model.tokenizer.Tokenizer;
import io.llmagentos.model.training.job.TrainingJobs;
import io.llmagentos.model.weights.ShippedModel;
import io.llmagentos.node.Node;
import io.llmagentos.node.Subsystem;
import io.llmagentos.node.artifact.ArtifactStore;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.journal.Projector;
import io.llmagentos.node.settings.Settings;
import io.llmagentos.node.wire.WireRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.pekko.http.javadsl.server.Route;

/** Language models in the node: those it serves itself, if it has the role {@code model}, and the way to the others'. */
public final class ModelSubsystem implements Subsystem {
  private static final String SECTION = "llmagentos.model";

  @Override
  public String name() {
    return "model";
  }

  @Override
  public void registerWireTypes(WireRegistry registry) {
    registry
        .add(1000, ModelDoor.Ask.class)
        .add(1001, ModelDoor.Grant.class)
        .add(1002, ModelDoor.Cancel.class)
        .add(1003, ModelDoor.Piece.class)
        .add(1004, ModelDoor.Finished.class)
        .add(1005, ModelDoor.Failed.class)
        .add(1006, Assignment.class)
        .add(1007, Assignment.Emitted.class)
        .add(1010, ChatRequest.class)
        .add(1011, ChatMessage.class)
        .add(1012, ToolSpecification.class)
        .add(1013, ToolChoice.class)
        .add(1014, ToolChoice.Mode.class)
        .add(1015, Sampling.class)
        .add(1020, ChatReply.class)
        .add(1021, ChatReply.FinishReason.class)
        .add(1022, ChatReply.Usage.class)
        .add(1023, ToolCall.class);
    int id = 1030;
    for (Class<?> type : ModelRegistry.WIRE_TYPES) {
      registry.add(id++, type);
    }
    id = 1040;
    for (Class<?> type : TrainingJobs.WIRE_TYPES) {
      registry.add(id++, type);
    }
  }

  @Override
  public List<Projector> projectors() {
    return List.of(new PublicationIndex());
  }

  @Override
  public List<Route> routes(Node node) {
    return List.of(new ModelRoutes(node, node.service(ModelRegistry.class)).route());
  }

  @Override
  public void start(Node node) {
    Config section = node.config().getConfig(SECTION);
    Map<String, LanguageModel> models = new LinkedHashMap<>();
    try {
      if (node.hasRole("model")) {
        Config configured = section.getConfig("models");
        for (String id : configured.root().keySet()) {
          ModelEntry entry =
              ModelEntry.read(id, configured.getConfig(ConfigUtil.quoteString(id)), section);
          models.put(
              id,
              Settings.read(
                  entry.config().atPath("entry"), "entry", config -> create(node, entry)));
        }
        shipped(node, section)
            .ifPresent(directory -> models.computeIfAbsent(
                ShippedModel.NANO,
                id -> local(
                    node, id, LocalModelSettings.create(section.getConfig("local"), directory))));
      }
    } catch (RuntimeException e) {
      models.values().forEach(LanguageModel::close);
      throw e;
    }
    ModelRouter router = ModelRouter.start(
        node.system(),
        models,
        node.clock(),
        section.getDuration("find-timeout"),
        section.getDuration("failover-timeout"));
    node.offer(Models.class, router);
    ArtifactStore artifacts = node.service(ArtifactStore.class);
    node.offer(
        ModelRegistry.class,
        ModelRegistry.start(node.system(), artifacts, node.clock(), node.blockingExecutor()));
    if (node.hasRole("model")) {
      node.spawn(
          PublishedModels.create(
              node.database().dataSource(),
              artifacts,
              node.settings().dataDirectory().resolve("models").resolve("published"),
              (id, directory) ->
                  local(node, id, LocalModelSettings.create(section.getConfig("local"), directory)),
              router,
              node.blockingExecutor(),
              section.getDuration("publication-poll")),
          "published-models");
    }
    TrainingJobs.start(node);
    node.system().getWhenTerminated().thenRun(() -> models.values().forEach(LanguageModel::close));
  }

  private static Optional<Path> shipped(Node node, Config section) {
    return section.getBoolean("nano")
        ? ShippedModel.unpack(ShippedModel.NANO, node.settings().dataDirectory().resolve("models"))
        : Optional.empty();
  }

  private static LanguageModel create(Node node, ModelEntry entry) {
    return switch (entry.kind()) {
      case "scripted" -> ScriptedModel.create(entry.id(), entry.config());
      case "openai" -> OpenAiModel.create(entry.id(), entry.config());
      default ->
        local(
            node,
            entry.id(),
            LocalModelSettings.create(entry.config(), Path.of(entry.config().getString("path"))));
    };
  }

  /** A token that the model has no row for would fail the requests it comes up in. */
  static void requireFits(Path model, Tokenizer tokenizer, int vocabulary) {
    if (tokenizer.vocabulary().size() > vocabulary) {
      throw new AgentOsException(
          ErrorCode.MODEL_FILE_CORRUPT,
          model.resolve(Tokenizer.FILE) + " has token ids up to "
              + (tokenizer.vocabulary().size() - 1)
              + ", vocab_size in config.json is " + vocabulary,
          Tokenizer.FILE);
    }
  }

  private static LocalModel local(Node node, String id, LocalModelSettings settings) {
    if (!Files.isDirectory(settings.path())) {
      throw new AgentOsException(
          ErrorCode.MODEL_FILE_MISSING,
          "llmagentos.model.models." + id + ".path: " + settings.path() + " is no directory",
          "llmagentos.model.models." + id + ".path");
    }
    Tokenizer tokenizer = Tokenizer.load(settings.path());
    ChatFormat format = ChatFormat.load(settings.path(), tokenizer);
    CpuEngine engine = CpuEngine.load(
        settings.path(),
        new CpuEngineSettings(
            settings.threads(),
            settings.kvBlockTokens(),
            Math.ceilDiv(settings.cacheTokens(), settings.kvBlockTokens()),
            settings.prefillTokens(),
            WeightStorage.AS_STORED));
    try {
      requireFits(settings.path(), tokenizer, engine.vocabularySize());
    } catch (RuntimeException e) {
      engine.close();
      throw e;
    }
    return LocalModel.serve(
        id, format, tokenizer, engine, settings, node.system(), node.metrics(), node.clock());
  }
}
