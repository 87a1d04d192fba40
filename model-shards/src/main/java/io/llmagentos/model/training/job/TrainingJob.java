package io.llmagentos.model.training.job;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmagentos.model.registry.ModelRegistry;
import io.llmagentos.model.training.arguments.Argument;
import io.llmagentos.model.training.arguments.Arguments;
import io.llmagentos.model.training.arguments.BestModel;
import io.llmagentos.model.training.arguments.DataArguments;
import io.llmagentos.model.training.arguments.ModelArguments;
import io.llmagentos.model.training.arguments.TrainingArguments;
import io.llmagentos.model.training.arguments.TrainingTask;
import io.llmagentos.model.training.trainer.Evaluation;
import io.llmagentos.model.training.trainer.TrainingFiles;
import io.llmagentos.model.weights.ShippedModel;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.job.DriverContext;
import io.llmagentos.node.job.JobKind;
import io.llmagentos.node.placement.Group;
import io.llmagentos.node.placement.MemberCommand;
import io.llmagentos.node.placement.MemberId;
import io.llmagentos.node.placement.Resources;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.pekko.actor.typed.Behavior;

/** A training as a job: a driver, and {@code num_processes} ranks of {@code num_cpu_threads_per_process} cores. */
final class TrainingJob implements JobKind {
  static final String RANKS = "rank";

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Of a user's making: refused where they are submitted. */
  private static final Set<ErrorCode> REFUSED = Set.of(
      ErrorCode.SETTINGS_INVALID,
      ErrorCode.SETTINGS_UNKNOWN_KEY,
      ErrorCode.DATASET_INVALID,
      ErrorCode.CHECKPOINT_INVALID,
      ErrorCode.MODEL_FILE_CORRUPT,
      ErrorCode.MODEL_FILE_MISSING,
      ErrorCode.MODEL_UNSUPPORTED);

  private final TrainingTask task;
  private final TrainingJobs.Services services;

  TrainingJob(TrainingTask task, TrainingJobs.Services services) {
    this.task = task;
    this.services = services;
  }

  @Override
  public String name() {
    return task.type();
  }

  private interface Check {
    void run() throws IOException;
  }

  private static void refusing(Check check) {
    try {
      check.run();
    } catch (AgentOsException e) {
      throw REFUSED.contains(e.code())
          ? new AgentOsException(
              ErrorCode.INVALID_REQUEST, String.valueOf(e.getMessage()), e.param(), e)
          : e;
    } catch (IOException e) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST, "what it names cannot be read: " + e, null, e);
    }
  }

  @Override
  public List<Group> plan(JsonNode settings) {
    refusing(() -> {
      Arguments arguments = arguments(settings);
      requirePaths(arguments);
      requireMetric(arguments);
      arguments
          .find(TrainingArguments.PUBLISH)
          .ifPresent(name -> ModelRegistry.requireName(name, TrainingArguments.PUBLISH.name()));
    });
    Arguments arguments = arguments(settings);
    int ranks = arguments.get(TrainingArguments.NUM_PROCESSES);
    int cores = arguments.get(TrainingArguments.NUM_CPU_THREADS_PER_PROCESS);
    return List.of(
        // It works before the ranks do, and after them.
        new Group("driver", "learner", 1, 1, Resources.NONE, true),
        new Group(RANKS, "learner", ranks, ranks, new Resources(cores, 0, 0), true));
  }

  private void requirePaths(Arguments arguments) {
    require(arguments, TrainingArguments.OUTPUT_DIR);
    require(arguments, ModelArguments.MODEL_NAME_OR_PATH);
    require(arguments, ModelArguments.TOKENIZER_NAME);
    for (Argument<List<String>> files :
        List.of(DataArguments.TRAIN_FILE, DataArguments.VALIDATION_FILE)) {
      arguments.get(files).forEach(path -> services.settings().require(files.name(), path));
    }
    if (arguments.find(ModelArguments.CONFIG).orElse("") instanceof String path
        && !path.isEmpty()) {
      services.settings().require(ModelArguments.CONFIG.name(), path);
    }
    arguments
        .get(TrainingArguments.RESUME_FROM_CHECKPOINT)
        .filter(path -> !path.equals("true"))
        .ifPresent(path ->
            services.settings().require(TrainingArguments.RESUME_FROM_CHECKPOINT.name(), path));
  }

  private void require(Arguments arguments, Argument<Optional<String>> argument) {
    arguments
        .find(argument)
        .filter(path -> !path.equals(ShippedModel.NANO))
        .ifPresent(path -> services.settings().require(argument.name(), path));
  }

  private static void requireMetric(Arguments arguments) {
    List<String> metrics = Evaluation.metrics(arguments);
    if (!metrics.contains(BestModel.metricName(arguments))) {
      throw invalid(
          TrainingArguments.METRIC_FOR_BEST_MODEL,
          "is " + BestModel.metricName(arguments) + ", must be one of " + metrics);
    }
  }

  @Override
  public void check(JsonNode settings) {
    refusing(() -> {
      Arguments arguments = arguments(settings);
      OutputDirectory.of(arguments).check(arguments);
      try (WorkDirectory work = WorkDirectory.below(services.directory(), "check")) {
        TrainingFiles.check(arguments, work.path());
      }
    });
  }

  @Override
  public Behavior<MemberCommand> driver(DriverContext context) {
    return TrainingDriver.create(context, arguments(context.settings()), services);
  }

  @Override
  public Behavior<MemberCommand> worker(MemberId id, JsonNode settings) {
    return TrainingRank.create(id, arguments(settings), services);
  }

  @Override
  public Curve curve() {
    return new Curve("step", "loss", "loss");
  }

  private Arguments arguments(JsonNode settings) {
    return Arguments.parse(
        task, JSON.convertValue(settings, new TypeReference<Map<String, Object>>() {}));
  }

  private static AgentOsException invalid(Argument<?> argument, String what) {
    return new AgentOsException(ErrorCode.SETTINGS_INVALID, argument + " " + what, argument.name());
  }
}
