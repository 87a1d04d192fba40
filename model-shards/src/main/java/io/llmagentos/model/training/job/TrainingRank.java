package io.llmagentos.model.training.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmagentos.model.djl.PyTorch;
import io.llmagentos.model.registry.ModelArchive;
import io.llmagentos.model.training.EngineSettings;
import io.llmagentos.model.training.Transformer;
import io.llmagentos.model.training.arguments.Arguments;
import io.llmagentos.model.training.arguments.BestModel;
import io.llmagentos.model.training.arguments.ModelArguments;
import io.llmagentos.model.training.arguments.TrainingArguments;
import io.llmagentos.model.training.trainer.Ranks;
import io.llmagentos.model.training.trainer.Trainer;
import io.llmagentos.model.training.trainer.TrainerState;
import io.llmagentos.model.training.trainer.TrainingCheckpoint;
import io.llmagentos.model.training.trainer.TrainingData;
import io.llmagentos.model.training.trainer.TrainingFiles;
import io.llmagentos.node.artifact.ArtifactId;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.placement.MemberCommand;
import io.llmagentos.node.placement.MemberId;
import io.llmagentos.node.rank.GradientExchange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/** One rank of a training: a thread of its own trains in lock step with the other ranks; rank 0 tells the driver, and saves. */
final class TrainingRank {
  /** Say where this rank averages. */
  record FindExchange(ActorRef<MemberCommand> driver) implements MemberCommand {}

  record Exchange(int rank, ActorRef<GradientExchange.Command> exchange) implements MemberCommand {}

  /**
   * Begin.
   *
   * @param exchanges of all ranks
   * @param files artifacts by the path that they have among the training's files
   * @param checkpoint artifact to go on from; empty: none
   * @param engine of a training that begins; one that goes on has it from its checkpoint
   */
  record Train(
      List<ActorRef<GradientExchange.Command>> exchanges,
      Map<String, String> files,
      String checkpoint,
      EngineSettings engine,
      ActorRef<MemberCommand> driver)
      implements MemberCommand {
    Train {
      exchanges = List.copyOf(exchanges);
      files = Map.copyOf(files);
    }
  }

  /** Save and end after the step that runs; for rank 0, from which the others learn it. */
  record Pause() implements MemberCommand {}

  /** @param metrics a JSON object */
  record Logged(long step, String metrics) implements MemberCommand {}

  /**
   * A checkpoint is in the store.
   *
   * @param bestStep of the best evaluation so far; 0: none
   */
  record Saved(String artifact, long step, long bestStep) implements MemberCommand {}

  /**
   * It has trained; everything was said.
   *
   * @param done whether to the end; otherwise it pauses
   * @param best artifact of the best checkpoint; empty: there is none
   * @param summary a JSON object
   */
  record Ended(boolean done, String best, String summary) implements MemberCommand {}

  record Failed(int rank, ErrorCode code, String message) implements MemberCommand {}

  private static final ObjectMapper JSON = new ObjectMapper();

  /** The exchange has stopped with this rank. */
  private static final Duration UNANSWERED = Duration.ofSeconds(30);

  private final MemberId id;
  private final Arguments arguments;
  private final TrainingJobs.Services services;
  private final Duration timeout;
  private final int size;
  private final ActorRef<GradientExchange.Command> exchange;
  private volatile boolean pausing;
  private volatile boolean stopped;
  private boolean training;

  private TrainingRank(
      ActorContext<MemberCommand> context,
      MemberId id,
      Arguments arguments,
      TrainingJobs.Services services) {
    this.id = id;
    this.arguments = arguments;
    this.services = services;
    this.timeout = Duration.ofSeconds(arguments.get(TrainingArguments.DDP_TIMEOUT));
    this.size = arguments.get(TrainingArguments.NUM_PROCESSES);
    this.exchange = context.spawn(
        GradientExchange.create(services.bulk(), id.index(), size, timeout),
        "exchange",
        DispatcherSelector.sameAsParent());
  }

  static Behavior<MemberCommand> create(
      MemberId id, Arguments arguments, TrainingJobs.Services services) {
    return Behaviors.setup(context -> new TrainingRank(context, id, arguments, services).waiting());
  }

  private Behavior<MemberCommand> waiting() {
    return Behaviors.receive(MemberCommand.class)
        .onMessage(FindExchange.class, find -> {
          find.driver().tell(new Exchange(id.index(), exchange));
          return Behaviors.same();
        })
        .onMessage(Train.class, this::onTrain)
        .onMessage(Pause.class, pause -> {
          pausing = true;
          return Behaviors.same();
        })
        .onSignal(PostStop.class, stop -> {
          stopped = true;
          return Behaviors.same();
        })
        .build();
  }

  private Behavior<MemberCommand> onTrain(Train train) {
    if (!training) {
      training = true;
      exchange.tell(new GradientExchange.Ranks(train.exchanges()));
      var unused = CompletableFuture.runAsync(() -> run(train), services.compute())
          .exceptionally(failure -> {
            train.driver().tell(failed(failure));
            return null;
          });
    }
    return Behaviors.same();
  }

  private Failed failed(Throwable failure) {
    Throwable cause = failure;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause instanceof AgentOsException typed
        ? new Failed(id.index(), typed.code(), String.valueOf(typed.getMessage()))
        : new Failed(id.index(), ErrorCode.INTERNAL, String.valueOf(cause));
  }

  // ---- the training thread

  private void run(Train train) {
    PyTorch.threads(arguments.get(TrainingArguments.NUM_CPU_THREADS_PER_PROCESS));
    try (WorkDirectory work = WorkDirectory.below(services.directory(), "rank")) {
      layOut(train.files(), work.path());
      Path model = TrainingFiles.model(work.path());
      if (train.checkpoint().isEmpty()) {
        try (Transformer fresh = TrainingFiles.initial(arguments, work.path(), train.engine())) {
          train(fresh, TrainerState.BEGINNING, model, work, train);
        }
      } else {
        Path checkpoint = work.empty("checkpoint");
        ModelArchive.unpack(
            services.artifacts().locate(new ArtifactId(train.checkpoint())), checkpoint);
        TrainingCheckpoint read = TrainingCheckpoint.read(checkpoint);
        requireSameBase(read, train.files());
        try (Transformer saved =
            TrainingFiles.resumed(arguments, work.path(), checkpoint, read.engine())) {
          train(saved, resumed(read.state(), train.checkpoint()), checkpoint, work, train);
        }
      }
    } catch (IOException e) {
      throw WorkDirectory.unwritable(services.directory(), e);
    }
  }

  private void layOut(Map<String, String> files, Path work) throws IOException {
    for (Map.Entry<String, String> file : files.entrySet()) {
      Path link = work.resolve(file.getKey());
      Files.createDirectories(link.getParent());
      Files.createSymbolicLink(
          link, services.artifacts().locate(new ArtifactId(file.getValue())).toAbsolutePath());
    }
  }

  /** An adapter goes on only with the weights that it was trained on. */
  private void requireSameBase(TrainingCheckpoint checkpoint, Map<String, String> files) {
    if (ModelArguments.lora(arguments).isPresent()
        && !TrainingFiles.weights(checkpoint.files()).equals(TrainingFiles.weights(files))) {
      throw new AgentOsException(
          ErrorCode.CHECKPOINT_INVALID,
          "the checkpoint's adapter was trained on other weights than those in model_name_or_path, "
              + arguments.get(ModelArguments.MODEL_NAME_OR_PATH).orElse(""),
          ModelArguments.MODEL_NAME_OR_PATH.name());
    }
  }

  /** A checkpoint cannot name itself. */
  private static TrainerState resumed(TrainerState state, String checkpoint) {
    return state.best().step() == state.step() && state.step() > 0
        ? state.withBestCheckpoint(checkpoint)
        : state;
  }

  private void train(
      Transformer model, TrainerState state, Path from, WorkDirectory work, Train train)
      throws IOException {
    try (TrainingData data = TrainingFiles.open(arguments, work.path(), model.config())) {
      Trainer trainer = new Trainer(
          arguments,
          model,
          data,
          state,
          size == 1 ? Ranks.ALONE : new RemoteRanks(),
          new Observer(model, from, work, train),
          System::nanoTime);
      boolean done = trainer.train();
      if (id.index() == 0) {
        train
            .driver()
            .tell(new Ended(done, trainer.state().bestCheckpoint(), json(trainer.summary())));
      }
    }
  }

  private static String json(Map<String, ?> map) {
    try {
      return JSON.writeValueAsString(map);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private final class RemoteRanks implements Ranks {
    private long round;

    @Override
    public int rank() {
      return id.index();
    }

    @Override
    public int size() {
      return size;
    }

    @Override
    public CompletableFuture<float[]> mean(float[] vector) {
      CompletableFuture<float[]> mean = new CompletableFuture<>();
      exchange.tell(new GradientExchange.Average(++round, vector, 1, mean));
      return mean.orTimeout(timeout.plus(UNANSWERED).toSeconds(), TimeUnit.SECONDS);
    }
  }

  private final class Observer implements Trainer.Observer {
    private final Transformer model;
    private final Path from;
    private final WorkDirectory work;
    private final Train train;

    Observer(Transformer model, Path from, WorkDirectory work, Train train) {
      this.model = model;
      this.from = from;
      this.work = work;
      this.train = train;
    }

    @Override
    public void logged(long step, Map<String, Number> metrics) {
      train.driver().tell(new Logged(step, json(metrics)));
    }

    @Override
    public String save(TrainerState state) {
      Path directory = work.empty("saving");
      try {
        new TrainingCheckpoint(state, model.settings(), train.files())
            .write(model, from, directory);
        String saved =
            services.artifacts().put(out -> ModelArchive.write(directory, out)).sha256();
        WorkDirectory.delete(directory);
        BestModel best = state.best();
        train.driver().tell(new Saved(saved, state.step(), best.step()));
        return saved;
      } catch (IOException e) {
        throw unsaved(state, WorkDirectory.unwritable(directory, e));
      } catch (AgentOsException e) {
        throw unsaved(state, e);
      }
    }

    private static AgentOsException unsaved(TrainerState state, AgentOsException why) {
      return new AgentOsException(
          why.code(),
          "the checkpoint of step " + state.step() + " cannot be saved: " + why.getMessage(),
          why.param(),
          why);
    }

    @Override
    public boolean pausing() {
      return pausing;
    }

    @Override
    public boolean stopped() {
      return stopped;
    }
  }
}
