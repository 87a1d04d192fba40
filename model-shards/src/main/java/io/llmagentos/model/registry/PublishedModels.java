package io.llmagentos.model.registry;

import io.llmagentos.model.serving.LanguageModel;
import io.llmagentos.model.serving.ModelRouter;
import io.llmagentos.model.serving.ReplaceableModel;
import io.llmagentos.node.artifact.ArtifactId;
import io.llmagentos.node.artifact.ArtifactStore;
import io.llmagentos.node.error.AgentOsException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.BiFunction;
import javax.sql.DataSource;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;

/**
 * Serves on this node what is published: looks now and then, loads what is new beside what runs, and changes over. A model that does not load is said in
 * the log, and the one before it goes on.
 */
public final class PublishedModels {
  public sealed interface Command {}

  private enum Look implements Command {
    LOOK
  }

  private record Seen(
      @Nullable Map<String, String> archives, @Nullable Throwable failure) implements Command {}

  private record Loaded(
      String name,
      String archive,
      @Nullable LanguageModel model,
      @Nullable Throwable failure) implements Command {}

  /** What makes a model of a directory; blocks. */
  public interface Loader extends BiFunction<String, Path, LanguageModel> {}

  private final ActorContext<Command> context;
  private final DataSource database;
  private final ArtifactStore artifacts;
  private final Path directory;
  private final Loader loader;
  private final ModelRouter router;
  private final Executor blocking;
  private final Map<String, ReplaceableModel> serving = new HashMap<>();
  /** What was last tried for each name, loaded or not. */
  private final Map<String, String> tried = new HashMap<>();

  private PublishedModels(
      ActorContext<Command> context,
      DataSource database,
      ArtifactStore artifacts,
      Path directory,
      Loader loader,
      ModelRouter router,
      Executor blocking) {
    this.context = context;
    this.database = database;
    this.artifacts = artifacts;
    this.directory = directory;
    this.loader = loader;
    this.router = router;
    this.blocking = blocking;
  }

  /** @param directory below which archives are unpacked, each once */
  public static Behavior<Command> create(
      DataSource database,
      ArtifactStore artifacts,
      Path directory,
      Loader loader,
      ModelRouter router,
      Executor blocking,
      Duration every) {
    return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
      timers.startTimerWithFixedDelay(Look.LOOK, Duration.ZERO, every);
      return new PublishedModels(context, database, artifacts, directory, loader, router, blocking)
          .looking();
    }));
  }

  private Behavior<Command> looking() {
    return Behaviors.receive(Command.class)
        .onMessage(Look.class, look -> {
          context.pipeToSelf(
              CompletableFuture.supplyAsync(() -> PublicationIndex.read(database), blocking),
              Seen::new);
          return Behaviors.same();
        })
        .onMessage(Seen.class, this::onSeen)
        .onMessage(Loaded.class, this::onLoaded)
        .onSignal(PostStop.class, stop -> {
          serving.values().forEach(ReplaceableModel::close);
          return Behaviors.same();
        })
        .build();
  }

  private Behavior<Command> onSeen(Seen seen) {
    if (seen.archives() == null) {
      context
          .getLog()
          .warn("published models are unknown for now: {}", String.valueOf(seen.failure()));
      return Behaviors.same();
    }
    for (Map.Entry<String, String> each : new TreeMap<>(seen.archives()).entrySet()) {
      String name = each.getKey();
      String archive = each.getValue();
      if (!archive.equals(tried.get(name))) {
        tried.put(name, archive);
        context.pipeToSelf(
            CompletableFuture.supplyAsync(() -> load(name, archive), blocking),
            (model, failure) -> new Loaded(name, archive, model, failure));
      }
    }
    for (String name : List.copyOf(tried.keySet())) {
      if (!seen.archives().containsKey(name)) {
        tried.remove(name);
        withdraw(name);
      }
    }
    return Behaviors.same();
  }

  private void withdraw(String name) {
    ReplaceableModel model = serving.remove(name);
    if (model != null) {
      router.withdraw(name);
      model.retire();
    }
  }

  private LanguageModel load(String name, String archive) {
    Path unpacked = directory.resolve(archive);
    try {
      if (!Files.isDirectory(unpacked)) {
        Files.createDirectories(directory);
        Path unpacking = Files.createTempDirectory(directory, "unpacking");
        ModelArchive.unpackModel(artifacts.locate(new ArtifactId(archive)), unpacking);
        Files.move(unpacking, unpacked, StandardCopyOption.ATOMIC_MOVE);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return loader.apply(name, unpacked);
  }

  private Behavior<Command> onLoaded(Loaded loaded) {
    LanguageModel model = loaded.model();
    if (model == null) {
      context
          .getLog()
          .error("model {} cannot be served as published", loaded.name(), loaded.failure());
      if (!(cause(loaded.failure()) instanceof AgentOsException)) {
        tried.remove(loaded.name(), loaded.archive()); // it may pass
      }
    } else if (!loaded.archive().equals(tried.get(loaded.name()))) {
      model.close(); // it was replaced or withdrawn meanwhile
    } else {
      serve(model);
    }
    return Behaviors.same();
  }

  private static @Nullable Throwable cause(@Nullable Throwable failure) {
    return failure instanceof CompletionException ? failure.getCause() : failure;
  }

  private void serve(LanguageModel model) {
    ReplaceableModel there = serving.get(model.id());
    if (there != null) {
      there.replace(model);
      context.getLog().info("model {} changed over to what was published", model.id());
      return;
    }
    ReplaceableModel first = new ReplaceableModel(model);
    if (router.serve(first)) {
      serving.put(model.id(), first);
      context.getLog().info("model {} is served as published", model.id());
    } else {
      model.close();
      context
          .getLog()
          .error(
              "a published model cannot have the name {}: the settings of this node use it",
              model.id());
    }
  }
}
