package io.llmagentos.model.training.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.model.djl.PyTorch;
import io.llmagentos.model.registry.ModelArchive;
import io.llmagentos.model.training.EngineSettings;
import io.llmagentos.model.training.arguments.Arguments;
import io.llmagentos.model.training.arguments.TrainingArguments;
import io.llmagentos.model.training.trainer.TrainingCheckpoint;
import io.llmagentos.model.training.trainer.TrainingFiles;
import io.llmagentos.node.artifact.ArtifactId;
import io.llmagentos.node.artifact.ArtifactStore;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.job.Checkpoint;
import io.llmagentos.node.job.DriverCommand;
import io.llmagentos.node.job.DriverContext;
import io.llmagentos.node.job.Job;
import io.llmagentos.node.job.ProgressLine;
import io.llmagentos.node.placement.MemberCommand;
import io.llmagentos.node.placement.Members;
import io.llmagentos.node.rank.GradientExchange;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;

/**
 * Drives a training: makes the files that the ranks read, once, brings the ranks together, and has journalled what rank 0 says. The ranks train by themselves;
 * at the end it writes {@code output_dir} and publishes. Whatever ends its epoch, the next one goes on from the last checkpoint.
 */
final class TrainingDriver {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Progress is journalled at most this often. */
  private static final Duration REPORT = Duration.ofMillis(200);

  /** Trying again would not help. */
  private static final Set<ErrorCode> FINAL = Set.of(
      ErrorCode.SETTINGS_INVALID,
      ErrorCode.SETTINGS_UNKNOWN_KEY,
      ErrorCode.INVALID_REQUEST,
      ErrorCode.CONTEXT_LENGTH_EXCEEDED,
      ErrorCode.DATASET_INVALID,
      ErrorCode.MODEL_FILE_CORRUPT,
      ErrorCode.MODEL_FILE_MISSING,
      ErrorCode.MODEL_UNSUPPORTED,
      ErrorCode.TRAINING_DIVERGED,
      ErrorCode.CHECKPOINT_INVALID);

  /**
   * @param files artifacts by the path that they have among the training's files
   * @param checkpoint to go on from; empty: none
   * @param engine where there is no checkpoint
   */
  private record Start(Map<String, String> files, String checkpoint, EngineSettings engine) {}

  private record Prepared(@Nullable Start start, @Nullable Throwable failure)
      implements MemberCommand {}

  private record Said(@Nullable Throwable failure) implements MemberCommand {}

  private enum Tick implements MemberCommand {
    REPORT,
    RANKS_LATE
  }

  private final ActorContext<MemberCommand> context;
  private final TimerScheduler<MemberCommand> timers;
  private final DriverContext job;
  private final Arguments arguments;
  private final TrainingJobs.Services services;
  private final int size;
  private final Map<Integer, ActorRef<GradientExchange.Command>> exchanges = new TreeMap<>();
  private List<Members.Member> ranks = List.of();
  private @Nullable Start start;
  private boolean begun;
  private boolean pausing;
  private boolean over;
  private boolean failing;
  private List<ProgressLine> unreported = new ArrayList<>();
  private CompletionStage<?> said = CompletableFuture.completedFuture(null);
  private Optional<Long> lastCheckpoint;

  private TrainingDriver(
      ActorContext<MemberCommand> context,
      TimerScheduler<MemberCommand> timers,
      DriverContext job,
      Arguments arguments,
      TrainingJobs.Services services) {
    this.context = context;
    this.timers = timers;
    this.job = job;
    this.arguments = arguments;
    this.services = services;
    this.size = arguments.get(TrainingArguments.NUM_PROCESSES);
    this.lastCheckpoint = job.resumeFrom().map(Checkpoint::iteration);
  }

  static Behavior<MemberCommand> create(
      DriverContext job, Arguments arguments, TrainingJobs.Services services) {
    return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
      TrainingDriver driver = new TrainingDriver(context, timers, job, arguments, services);
      context.pipeToSelf(
          CompletableFuture.supplyAsync(driver::prepare, services.compute()), Prepared::new);
      return driver.driving();
    }));
  }

  private Behavior<MemberCommand> driving() {
    return Behaviors.receive(MemberCommand.class)
        .onMessage(Members.class, this::onMembers)
        .onMessage(Prepared.class, this::onPrepared)
        .onMessage(TrainingRank.Exchange.class, this::onExchange)
        .onMessage(TrainingRank.Logged.class, this::onLogged)
        .onMessage(TrainingRank.Saved.class, this::onSaved)
        .onMessage(TrainingRank.Ended.class, this::onEnded)
        .onMessage(TrainingRank.Failed.class, this::onFailed)
        .onMessage(DriverCommand.Pause.class, pause -> onPause())
        .onMessage(Tick.class, this::onTick)
        .onMessage(Said.class, said -> onSaid(said.failure()))
        .build();
  }

  // ---- before the ranks train

  private Behavior<MemberCommand> onMembers(Members members) {
    ranks = members.of(TrainingJob.RANKS);
    ranks.forEach(rank -> rank.ref().tell(new TrainingRank.FindExchange(context.getSelf())));
    return Behaviors.same();
  }

  private Behavior<MemberCommand> onPrepared(Prepared prepared) {
    if (prepared.start() == null) {
      return failed(cause(prepared.failure()), "");
    }
    start = prepared.start();
    timers.startSingleTimer(
        Tick.RANKS_LATE, Duration.ofSeconds(arguments.get(TrainingArguments.DDP_TIMEOUT)));
    return begin();
  }

  private Behavior<MemberCommand> onExchange(TrainingRank.Exchange found) {
    exchanges.put(found.rank(), found.exchange());
    return begin();
  }

  private Behavior<MemberCommand> begin() {
    Start with = start;
    if (with == null || begun || over || exchanges.size() < size || ranks.size() < size) {
      return Behaviors.same();
    }
    begun = true;
    timers.cancel(Tick.RANKS_LATE);
    ranks.forEach(rank -> rank.ref()
        .tell(new TrainingRank.Train(
            List.copyOf(exchanges.values()),
            with.files(),
            with.checkpoint(),
            with.engine(),
            context.getSelf())));
    if (pausing) {
      ranks.getFirst().ref().tell(new TrainingRank.Pause());
    }
    return Behaviors.same();
  }

  private Behavior<MemberCommand> onTick(Tick tick) {
    if (tick == Tick.REPORT) {
      report();
      return Behaviors.same();
    }
    List<Integer> missing = new ArrayList<>();
    for (int rank = 0; rank < size; rank++) {
      if (!exchanges.containsKey(rank)) {
        missing.add(rank);
      }
    }
    return failed(
        new AgentOsException(
            ErrorCode.DEADLINE_EXCEEDED,
            "ranks " + missing + " of " + size + " did not answer within ddp_timeout of "
                + arguments.get(TrainingArguments.DDP_TIMEOUT) + " s",
            TrainingArguments.DDP_TIMEOUT.name()),
        "");
  }

  /** Nothing is lost before the ranks have begun. */
  private Behavior<MemberCommand> onPause() {
    if (!pausing) {
      pausing = true;
      if (begun) {
        ranks.getFirst().ref().tell(new TrainingRank.Pause());
      } else {
        over = true;
        say(job::paused);
      }
    }
    return Behaviors.same();
  }

  // ---- what rank 0 says

  private Behavior<MemberCommand> onLogged(TrainingRank.Logged logged) {
    unreported.add(new ProgressLine(logged.step(), logged.metrics()));
    if (!timers.isTimerActive(Tick.REPORT)) {
      timers.startSingleTimer(Tick.REPORT, REPORT);
    }
    return Behaviors.same();
  }

  private void report() {
    List<ProgressLine> lines = unreported;
    unreported = new ArrayList<>();
    say(() -> job.report(lines));
  }

  private Behavior<MemberCommand> onSaved(TrainingRank.Saved saved) {
    report();
    OptionalLong best = arguments.get(TrainingArguments.LOAD_BEST_MODEL_AT_END)
        ? OptionalLong.of(saved.bestStep())
        : OptionalLong.empty();
    say(() -> job.commit(new ArtifactId(saved.artifact()), saved.step(), keep(), best));
    lastCheckpoint = Optional.of(saved.step());
    return Behaviors.same();
  }

  private int keep() {
    return arguments.get(TrainingArguments.SAVE_TOTAL_LIMIT).orElse(Integer.MAX_VALUE);
  }

  private Behavior<MemberCommand> onEnded(TrainingRank.Ended ended) {
    over = true;
    report();
    say(
        ended.done()
            ? () -> job.describe().thenCompose(known -> finish(ended, known))
            : job::paused);
    return Behaviors.same();
  }

  private Behavior<MemberCommand> onFailed(TrainingRank.Failed failed) {
    return failed(new AgentOsException(failed.code(), failed.message()), "rank " + failed.rank());
  }

  // ---- ends

  /** What failed for a reason that may pass ends this actor, and with it the epoch; the job places the next one. */
  private Behavior<MemberCommand> failed(Throwable failure, String who) {
    if (over || DriverContext.isFenced(failure)) {
      return Behaviors.same(); // the job stops this member
    }
    over = true;
    String kept = lastCheckpoint
        .map(step -> "; the last checkpoint is that of step " + step)
        .orElse("");
    String what = (who.isEmpty() ? "" : who + ": ") + failure.getMessage() + kept;
    if (failure instanceof AgentOsException typed && FINAL.contains(typed.code())) {
      failing = true;
      report();
      say(() -> release().thenCompose(released -> job.fail(typed.code().id() + ": " + what)));
      return Behaviors.same();
    }
    throw failure instanceof AgentOsException typed
        ? new AgentOsException(typed.code(), typed.code().id() + ": " + what, typed.param(), typed)
        : new IllegalStateException(what, failure);
  }

  private Behavior<MemberCommand> onSaid(@Nullable Throwable failure) {
    if (failure == null) {
      return Behaviors.same();
    }
    if (failing) {
      return Behaviors.same(); // the job is not there to be told
    }
    over = false; // whatever was to be the end is not
    said = CompletableFuture.completedFuture(null);
    return failed(cause(failure), "");
  }

  /** Have something journalled after what was said before. */
  private void say(Supplier<CompletionStage<?>> what) {
    said = said.thenCompose(before -> what.get());
    context.pipeToSelf(said, (done, failure) -> new Said(failure));
  }

  private static Throwable cause(@Nullable Throwable failure) {
    Throwable cause = failure == null ? new IllegalStateException("unknown") : failure;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }

  private CompletionStage<?> finish(TrainingRank.Ended ended, Job.Description known) {
    Checkpoint last = known.checkpoints().getLast();
    boolean best = arguments.get(TrainingArguments.LOAD_BEST_MODEL_AT_END)
        && !ended.best().isEmpty()
        && !ended.best().equals(last.artifact());
    ArtifactId model = new ArtifactId(best ? ended.best() : last.artifact());
    // The best one is the newest then, for whoever asks for the job's model.
    CompletionStage<?> committed = best
        ? job.commit(model, last.iteration(), Integer.MAX_VALUE, OptionalLong.empty())
        : CompletableFuture.completedFuture(null);
    ObjectNode summary = summary(ended);
    return committed
        .thenRunAsync(() -> writeOutput(model, known.checkpoints(), summary), services.compute())
        .thenCompose(written -> publish(model, known))
        .thenCompose(published -> release())
        .thenCompose(released ->
            job.complete("trained for " + last.iteration() + " steps", summary.toString()));
  }

  private ObjectNode summary(TrainingRank.Ended ended) {
    try {
      ObjectNode summary = (ObjectNode) JSON.readTree(ended.summary());
      for (var argument : List.of(TrainingArguments.OUTPUT_DIR, TrainingArguments.PUBLISH)) {
        arguments.find(argument).ifPresent(value -> summary.put(argument.name(), value));
      }
      return summary;
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private void writeOutput(ArtifactId model, List<Checkpoint> checkpoints, ObjectNode summary) {
    ArtifactStore artifacts = services.artifacts();
    Map<Long, Path> archives = new TreeMap<>();
    if (arguments.get(TrainingArguments.SAVE_STRATEGY) != TrainingArguments.IntervalStrategy.NO) {
      for (Checkpoint each : checkpoints) {
        archives.putIfAbsent(each.iteration(), artifacts.locate(new ArtifactId(each.artifact())));
      }
    }
    try {
      OutputDirectory.of(arguments).write(artifacts.locate(model), archives, summary);
    } catch (IOException e) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          "output_dir cannot be written: " + e + "; the trained model is the job's last checkpoint",
          TrainingArguments.OUTPUT_DIR.name(),
          e);
    }
  }

  private CompletionStage<?> publish(ArtifactId model, Job.Description known) {
    Optional<String> name = arguments.find(TrainingArguments.PUBLISH);
    return name.isEmpty()
        ? CompletableFuture.completedFuture(null)
        : services
            .registry()
            .publish(name.get(), model, "job " + job.key().id(), known.principal());
  }

  /** Let go of what only the training needed. */
  private CompletionStage<?> release() {
    return job.describe().thenAcceptAsync(known -> retain(checkpoints(known)), services.compute());
  }

  // ---- the files, in a thread of their own

  private static Set<String> checkpoints(Job.Description known) {
    Set<String> artifacts = new HashSet<>();
    known.checkpoints().forEach(checkpoint -> artifacts.add(checkpoint.artifact()));
    return artifacts;
  }

  /** Release what the job holds beside these. */
  private void retain(Set<String> needed) {
    for (ArtifactId held : services.artifacts().leased(job.holder())) {
      if (!needed.contains(held.sha256())) {
        services.artifacts().release(job.holder(), held);
      }
    }
  }

  private Start prepare() {
    ArtifactStore artifacts = services.artifacts();
    Set<String> needed = checkpoints(job.describe().toCompletableFuture().join());
    Start found = resumed().orElseGet(this::prepareAnew);
    found.files().values().forEach(file -> artifacts.lease(job.holder(), new ArtifactId(file)));
    needed.addAll(found.files().values());
    needed.add(found.checkpoint());
    retain(needed);
    return found;
  }

  /** The files of a checkpoint's training, if they are all there. */
  private Optional<Start> resumed() {
    return job.resumeFrom().flatMap(checkpoint -> {
      Path archive = services.artifacts().locate(new ArtifactId(checkpoint.artifact()));
      try (ZipFile zip = new ZipFile(archive.toFile())) {
        ZipEntry state = zip.getEntry(TrainingCheckpoint.STATE);
        try (InputStream in = zip.getInputStream(state)) {
          TrainingCheckpoint read = TrainingCheckpoint.read(in);
          boolean there = read.files().values().stream()
              .allMatch(file -> services.artifacts().contains(new ArtifactId(file)));
          return there
              ? Optional.of(new Start(read.files(), checkpoint.artifact(), read.engine()))
              : Optional.empty();
        }
      } catch (IOException e) {
        throw new AgentOsException(
            ErrorCode.CHECKPOINT_INVALID, archive + " is no checkpoint: " + e, null, e);
      }
    });
  }

  private Start prepareAnew() {
    try (WorkDirectory work = WorkDirectory.below(services.directory(), "prepare")) {
      TrainingFiles.prepare(arguments, work.path());
      Map<String, String> files = new TreeMap<>();
      try (Stream<Path> found = Files.walk(work.path())) {
        for (Path file : found.filter(Files::isRegularFile).toList()) {
          String name = work.path().relativize(file).toString().replace('\\', '/');
          files.put(name, put(file));
        }
      }
      Optional<Checkpoint> own = job.resumeFrom();
      String checkpoint =
          own.isPresent() ? own.get().artifact() : foreignCheckpoint().orElse("");
      PyTorch.threads(arguments.get(TrainingArguments.NUM_CPU_THREADS_PER_PROCESS));
      return new Start(
          files,
          checkpoint,
          checkpoint.isEmpty()
              ? TrainingFiles.engine(arguments, work.path())
              : EngineSettings.FLOAT32);
    } catch (IOException e) {
      throw WorkDirectory.unwritable(services.directory(), e);
    }
  }

  private String put(Path file) {
    return services.artifacts().put(job.holder(), out -> Files.copy(file, out)).sha256();
  }

  /** Of {@code resume_from_checkpoint}. */
  private Optional<String> foreignCheckpoint() throws IOException {
    return OutputDirectory.of(arguments)
        .resumeFrom(arguments)
        .map(checkpoint -> Files.isDirectory(checkpoint)
            ? services
                .artifacts()
                .put(job.holder(), out -> ModelArchive.write(checkpoint, out))
                .sha256()
            : put(checkpoint));
  }
}
