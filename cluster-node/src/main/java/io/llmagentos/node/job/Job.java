package io.llmagentos.node.job;

import io.llmagentos.node.artifact.ArtifactId;
import io.llmagentos.node.artifact.ArtifactStore;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.journal.EventProjection;
import io.llmagentos.node.placement.Group;
import io.llmagentos.node.placement.MemberCommand;
import io.llmagentos.node.placement.Members;
import io.llmagentos.node.placement.Scheduler;
import io.llmagentos.node.placement.Wish;
import io.llmagentos.node.wire.WireMessage;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.PreRestart;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.RecoveryCompleted;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.RetentionCriteria;
import org.apache.pekko.persistence.typed.javadsl.SignalHandler;
import org.jspecify.annotations.Nullable;

/**
 * One job, from its submission to its end. It wishes for its members, gives each placement an epoch, and is the only one who says which checkpoints
 * exist: what a driver of an earlier epoch reports, commits or ends is fenced.
 */
public final class Job extends EventSourcedBehavior<Job.Command, JobEvent, JobState> {
  public static final String KIND = "job";
  public static final EntityTypeKey<Command> KEY = EntityTypeKey.create(Command.class, KIND);

  public sealed interface Command {}

  public sealed interface Request extends Command, WireMessage {}

  /** Submit; the same id again finds the job submitted. */
  public record Submit(Context context, JobSpec spec, ActorRef<Reply> replyTo) implements Request {}

  /** @param afterIteration progress up to here is known to the asker */
  public record Describe(long afterIteration, ActorRef<Reply> replyTo) implements Request {}

  public record Pause(ActorRef<Reply> replyTo) implements Request {}

  public record Resume(ActorRef<Reply> replyTo) implements Request {}

  public record Cancel(ActorRef<Reply> replyTo) implements Request {}

  /** Forget a job that has ended. */
  public record Delete(ActorRef<Reply> replyTo) implements Request {}

  /** A durable timer is due. */
  public record Wake(String timer) implements Request {}

  record Report(long epoch, List<ProgressLine> lines, ActorRef<Reply> replyTo) implements Request {
    Report {
      lines = List.copyOf(lines);
    }
  }

  /**
   * @param keep how many checkpoints to keep, this one among them
   * @param best iteration of one that is kept in any case; -1: none
   */
  record Commit(long epoch, Checkpoint checkpoint, int keep, long best, ActorRef<Reply> replyTo)
      implements Request {}

  record Paused(long epoch, ActorRef<Reply> replyTo) implements Request {}

  record End(long epoch, JobStatus status, String reason, String summary, ActorRef<Reply> replyTo)
      implements Request {}

  private record Noticed(Scheduler.Notice notice) implements Command {}

  /** @param replyTo who asked for the deletion; null: a timer did */
  private record Released(
      @Nullable ActorRef<Reply> replyTo, @Nullable Throwable failure) implements Command {}

  private enum Repeat implements Command {
    REPEAT
  }

  public sealed interface Reply extends WireMessage {}

  /** It is in the journal. */
  public record Recorded() implements Reply {}

  public record Rejected(ErrorCode code, String message) implements Reply {}

  /**
   * @param lines the progress after the iteration asked for, as far as it is in memory and one message carries it
   */
  public record Description(
      JobSpec spec,
      String principal,
      JobStatus status,
      String reason,
      long epoch,
      String node,
      List<Checkpoint> checkpoints,
      List<ProgressLine> lines,
      String summary,
      Instant submittedAt,
      @Nullable Instant startedAt,
      @Nullable Instant endedAt)
      implements Reply {
    public Description {
      checkpoints = List.copyOf(checkpoints);
      lines = List.copyOf(lines);
    }
  }

  /** The types that cross the wire, in the order of their ids. */
  public static final List<Class<?>> WIRE_TYPES = List.of(
      Submit.class,
      Describe.class,
      Pause.class,
      Resume.class,
      Cancel.class,
      Wake.class,
      Report.class,
      Commit.class,
      Paused.class,
      End.class,
      Recorded.class,
      Rejected.class,
      Description.class,
      JobSpec.class,
      JobStatus.class,
      Checkpoint.class,
      ProgressLine.class,
      DriverCommand.Pause.class,
      Delete.class);

  /** What a job needs from its node. */
  public record Dependencies(
      Clock clock,
      ActorRef<Scheduler.Command> scheduler,
      JobKinds kinds,
      ArtifactStore artifacts,
      Executor blocking,
      AtomicInteger resident) {}

  /** Lines that one answer carries. */
  private static final int ANSWERED_LINES = 200;

  private final ActorContext<Command> context;
  private final TimerScheduler<Command> timers;
  private final JobKey key;
  private final Dependencies dependencies;
  private final ActorRef<Scheduler.Notice> notices;
  private @Nullable ActorRef<MemberCommand> driver;

  /** Leases are changed one after another, in the order of the events. */
  private CompletableFuture<Void> leases = CompletableFuture.completedFuture(null);

  private Job(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      String entityId,
      Dependencies dependencies) {
    super(
        PersistenceId.of(KIND, entityId),
        SupervisorStrategy.restartWithBackoff(Duration.ofMillis(200), Duration.ofSeconds(5), 0.2));
    this.context = context;
    this.timers = timers;
    this.key = JobKey.parse(entityId);
    this.dependencies = dependencies;
    this.notices = context.messageAdapter(Scheduler.Notice.class, Noticed::new);
    dependencies.resident().incrementAndGet();
  }

  public static Behavior<Command> create(String entityId, Dependencies dependencies) {
    return Behaviors.setup(context ->
        Behaviors.withTimers(timers -> new Job(context, timers, entityId, dependencies)));
  }

  @Override
  public JobState emptyState() {
    return JobState.NONE;
  }

  @Override
  public CommandHandler<Command, JobEvent, JobState> commandHandler() {
    return newCommandHandlerBuilder()
        .forAnyState()
        .onCommand(Submit.class, this::onSubmit)
        .onCommand(Describe.class, this::onDescribe)
        .onCommand(Pause.class, this::onPause)
        .onCommand(Resume.class, this::onResume)
        .onCommand(Cancel.class, this::onCancel)
        .onCommand(Delete.class, this::onDelete)
        .onCommand(Released.class, this::onReleased)
        .onCommand(Wake.class, (state, wake) -> Effect().none().thenRun(this::proceed))
        .onCommand(Repeat.class, (state, repeat) -> Effect().none().thenRun(this::proceed))
        .onCommand(Report.class, this::onReport)
        .onCommand(Commit.class, this::onCommit)
        .onCommand(Paused.class, this::onPaused)
        .onCommand(End.class, this::onEnd)
        .onCommand(Noticed.class, this::onNoticed)
        .build();
  }

  @Override
  public EventHandler<JobState, JobEvent> eventHandler() {
    return newEventHandlerBuilder().forAnyState().onAnyEvent(JobState::apply);
  }

  @Override
  public Set<String> tagsFor(JobEvent event) {
    return EventProjection.tags(persistenceId().id());
  }

  @Override
  public RetentionCriteria retentionCriteria() {
    return RetentionCriteria.snapshotEvery(200, 2);
  }

  @Override
  public SignalHandler<JobState> signalHandler() {
    return newSignalHandlerBuilder()
        .onSignal(RecoveryCompleted.instance(), state -> {
          lease(state.checkpoints());
          proceed(state);
        })
        .onSignal(PostStop.instance(), state -> dependencies.resident().decrementAndGet())
        .onSignal(PreRestart.instance(), state -> dependencies.resident().decrementAndGet())
        .build();
  }

  // ---- users

  private Effect<JobEvent, JobState> onSubmit(JobState state, Submit submit) {
    if (state.exists()) {
      return state.requireSpec().equals(submit.spec())
          ? describe(0, submit.replyTo())
          : reject(
              submit.replyTo(),
              ErrorCode.CONFLICT,
              "job " + key.id() + " exists with another specification; choose another id");
    }
    if (state.releases()) {
      return Effect().none(); // asked again
    }
    try {
      dependencies.kinds().plan(submit.spec());
    } catch (AgentOsException e) {
      return reject(submit.replyTo(), e.code(), String.valueOf(e.getMessage()));
    }
    return Effect()
        .persist(new JobEvent.JobSubmitted(submit.spec(), submit.context().principal(), now()))
        .thenRun(s -> {
          submit.replyTo().tell(description(s, 0));
          proceed(s);
        });
  }

  private Effect<JobEvent, JobState> onDescribe(JobState state, Describe describe) {
    return state.exists()
        ? describe(describe.afterIteration(), describe.replyTo())
        : unknown(describe.replyTo());
  }

  private Effect<JobEvent, JobState> onPause(JobState state, Pause pause) {
    if (!state.exists()) {
      return unknown(pause.replyTo());
    }
    return switch (state.status()) {
      case PAUSED, PAUSING -> describe(Long.MAX_VALUE, pause.replyTo());
      case QUEUED ->
        Effect().persist(new JobEvent.JobPaused(now())).thenRun(s -> {
          withdraw();
          pause.replyTo().tell(description(s, Long.MAX_VALUE));
        });
      case PLACED, RUNNING ->
        Effect().persist(new JobEvent.PauseRequested(now())).thenRun(s -> {
          proceed(s);
          pause.replyTo().tell(description(s, Long.MAX_VALUE));
        });
      case COMPLETED, FAILED, CANCELLED, DELETED -> ended(state, pause.replyTo(), "paused");
    };
  }

  private Effect<JobEvent, JobState> onResume(JobState state, Resume resume) {
    if (!state.exists()) {
      return unknown(resume.replyTo());
    }
    return switch (state.status()) {
      case PAUSED ->
        Effect().persist(new JobEvent.JobResumed(now())).thenRun(s -> {
          proceed(s);
          resume.replyTo().tell(description(s, Long.MAX_VALUE));
        });
      case PAUSING ->
        reject(
            resume.replyTo(),
            ErrorCode.CONFLICT,
            "job " + key.id() + " is being paused; resume it when it is");
      case QUEUED, PLACED, RUNNING -> describe(Long.MAX_VALUE, resume.replyTo());
      case COMPLETED, FAILED, CANCELLED, DELETED -> ended(state, resume.replyTo(), "resumed");
    };
  }

  private Effect<JobEvent, JobState> onCancel(JobState state, Cancel cancel) {
    if (!state.exists()) {
      return unknown(cancel.replyTo());
    }
    if (state.status() == JobStatus.CANCELLED) {
      return describe(Long.MAX_VALUE, cancel.replyTo());
    } else if (state.status().isEnd()) {
      return ended(state, cancel.replyTo(), "cancelled");
    }
    return Effect()
        .persist(new JobEvent.JobEnded(
            JobStatus.CANCELLED, "cancelled by a user", state.summary(), now()))
        .thenRun(s -> {
          withdraw();
          cancel.replyTo().tell(description(s, Long.MAX_VALUE));
        });
  }

  private Effect<JobEvent, JobState> onDelete(JobState state, Delete delete) {
    if (state.status() == JobStatus.DELETED) {
      return Effect().none().thenRun(s -> {
        if (s.releases()) {
          releaseAll(delete.replyTo());
        } else {
          delete.replyTo().tell(new Recorded());
        }
      });
    } else if (!state.exists()) {
      return unknown(delete.replyTo());
    } else if (!state.status().isEnd()) {
      return reject(
          delete.replyTo(),
          ErrorCode.CONFLICT,
          "job " + key.id() + " is " + state.status().id() + " and cannot be deleted; cancel it");
    }
    return Effect()
        .persist(new JobEvent.JobDeleted(now()))
        .thenRun(s -> releaseAll(delete.replyTo()));
  }

  private void releaseAll(@Nullable ActorRef<Reply> replyTo) {
    inOrder(() -> dependencies.artifacts().releaseAll(key.holder()));
    context.pipeToSelf(leases, (done, failure) -> new Released(replyTo, failure));
  }

  /** One that failed is tried again by the timer, or by whoever asks again. */
  private Effect<JobEvent, JobState> onReleased(JobState state, Released released) {
    if (released.failure() != null) {
      context.getLog().warn("job {} cannot release its artifacts", key.id(), released.failure());
      return Effect().none();
    }
    ActorRef<Reply> replyTo = released.replyTo();
    var effect = state.releases()
        ? Effect().persist(new JobEvent.ArtifactsReleased(now()))
        : Effect().none();
    return effect.thenRun(s -> {
      if (replyTo != null) {
        replyTo.tell(new Recorded());
      }
    });
  }

  // ---- the driver

  private Effect<JobEvent, JobState> onReport(JobState state, Report report) {
    if (isFenced(state, report.epoch())) {
      return fenced(state, report.epoch(), report.replyTo());
    }
    return report.lines().isEmpty()
        ? Effect().none().thenReply(report.replyTo(), s -> new Recorded())
        : Effect()
            .persist(new JobEvent.Progressed(report.epoch(), report.lines(), now()))
            .thenReply(report.replyTo(), s -> new Recorded());
  }

  private Effect<JobEvent, JobState> onCommit(JobState state, Commit commit) {
    if (isFenced(state, commit.epoch())) {
      return fenced(state, commit.epoch(), commit.replyTo());
    }
    if (state.checkpoints().contains(commit.checkpoint())) {
      return Effect().none().thenRun(s -> hold(commit, List.of(), s.checkpoints()));
    }
    int excess = state.checkpoints().size() + 1 - Math.max(1, commit.keep());
    List<Checkpoint> dropped = state.checkpoints().stream()
        .filter(each -> each.iteration() != commit.best())
        .limit(Math.max(0, excess))
        .toList();
    return Effect()
        .persist(
            new JobEvent.CheckpointCommitted(commit.epoch(), commit.checkpoint(), dropped, now()))
        .thenRun(s -> hold(commit, dropped, s.checkpoints()));
  }

  /** Only what is in the journal is leased: what a driver stored and could not commit, or a fenced one stored, belongs to nobody. */
  private void hold(Commit commit, List<Checkpoint> dropped, List<Checkpoint> kept) {
    lease(List.of(commit.checkpoint()));
    Set<String> needed = Set.copyOf(kept.stream().map(Checkpoint::artifact).toList());
    inOrder(() -> {
      dropped.stream()
          .map(Checkpoint::artifact)
          .filter(artifact -> !needed.contains(artifact))
          .forEach(
              artifact -> dependencies.artifacts().release(key.holder(), new ArtifactId(artifact)));
      commit.replyTo().tell(new Recorded());
    });
  }

  private void lease(List<Checkpoint> checkpoints) {
    if (!checkpoints.isEmpty()) {
      inOrder(() -> checkpoints.forEach(
          each -> dependencies.artifacts().lease(key.holder(), new ArtifactId(each.artifact()))));
    }
  }

  /** On the disk; after a failure the rest is not done, and who waits for it asks again. */
  private void inOrder(Runnable change) {
    CompletableFuture<Void> before =
        leases.isCompletedExceptionally() ? CompletableFuture.completedFuture(null) : leases;
    leases = before.thenRunAsync(change, dependencies.blocking());
  }

  private Effect<JobEvent, JobState> onPaused(JobState state, Paused paused) {
    if (state.status() == JobStatus.PAUSED) {
      return Effect().none().thenReply(paused.replyTo(), s -> new Recorded());
    }
    if (isFenced(state, paused.epoch())) {
      return fenced(state, paused.epoch(), paused.replyTo());
    }
    return Effect().persist(new JobEvent.JobPaused(now())).thenRun(s -> {
      withdraw();
      paused.replyTo().tell(new Recorded());
    });
  }

  private Effect<JobEvent, JobState> onEnd(JobState state, End end) {
    if (state.status() == end.status() && state.status().isEnd()) {
      return Effect().none().thenReply(end.replyTo(), s -> new Recorded());
    }
    if (isFenced(state, end.epoch())) {
      return fenced(state, end.epoch(), end.replyTo());
    }
    return Effect()
        .persist(new JobEvent.JobEnded(end.status(), end.reason(), end.summary(), now()))
        .thenRun(s -> {
          withdraw();
          end.replyTo().tell(new Recorded());
        });
  }

  private static boolean isFenced(JobState state, long epoch) {
    return !state.placed() || state.epoch() != epoch;
  }

  private Effect<JobEvent, JobState> fenced(JobState state, long epoch, ActorRef<Reply> replyTo) {
    return reject(
        replyTo,
        ErrorCode.FENCED,
        "epoch " + epoch + " of job " + key.id() + " is over: the job is "
            + state.status().id() + " in epoch " + state.epoch());
  }

  // ---- placement

  /** Say what is wanted, if anything is; said again and again while it is. */
  private void proceed(JobState state) {
    if (state.releases()) {
      releaseAll(null);
    }
    if (!state.wants()) {
      timers.cancel(Repeat.REPEAT);
      return;
    }
    timers.startTimerWithFixedDelay(Repeat.REPEAT, Repeat.REPEAT, Scheduler.REPEAT);
    JobSpec spec = state.requireSpec();
    List<Group> groups;
    try {
      groups = dependencies.kinds().plan(spec);
    } catch (AgentOsException e) {
      // The jar that brings its kind is not here any more, or understands it no longer.
      context.getLog().warn("job {} cannot be planned: {}", key.id(), e.getMessage());
      return;
    }
    dependencies
        .scheduler()
        .tell(new Scheduler.Wanted(
            new Wish(
                key.entityId(),
                state.epoch(),
                state.placed(),
                spec.kind(),
                key.tenant(),
                spec.priority(),
                Objects.requireNonNull(state.submittedAt()),
                groups),
            payload(state),
            notices));
    if (state.status() == JobStatus.PAUSING && driver != null) {
      driver.tell(new DriverCommand.Pause());
    }
  }

  private String payload(JobState state) {
    return dependencies
        .kinds()
        .payload(new JobKinds.Payload(key, state.requireSpec(), state.latest().orElse(null)));
  }

  private void withdraw() {
    timers.cancel(Repeat.REPEAT);
    driver = null;
    dependencies.scheduler().tell(new Scheduler.Withdrawn(key.entityId()));
  }

  private Effect<JobEvent, JobState> onNoticed(JobState state, Noticed noticed) {
    return switch (noticed.notice()) {
      case Scheduler.Granted granted -> onGranted(state);
      case Scheduler.Queued queued ->
        state.wants() && !state.placed() && !state.reason().equals(queued.reason())
            ? Effect().persist(new JobEvent.JobQueued(queued.reason(), now()))
            : Effect().none();
      case Scheduler.Placed placed -> onPlaced(state, placed);
      case Scheduler.EpochLost lost -> onLost(state, lost);
    };
  }

  private Effect<JobEvent, JobState> onGranted(JobState state) {
    if (!state.wants() || state.placed()) {
      return Effect().none();
    }
    return Effect()
        .persist(new JobEvent.JobPlaced(state.epoch() + 1, now()))
        .thenRun(s -> dependencies
            .scheduler()
            .tell(new Scheduler.Begin(key.entityId(), s.epoch(), payload(s))));
  }

  private Effect<JobEvent, JobState> onPlaced(JobState state, Scheduler.Placed placed) {
    if (isFenced(state, placed.epoch())) {
      return Effect().none();
    }
    Members.Member leader = placed.members().stream()
        .filter(member -> member.id().group().equals(JobKinds.DRIVER))
        .findFirst()
        .orElse(null);
    if (leader == null) {
      return Effect().none();
    }
    driver = leader.ref();
    if (state.status() == JobStatus.PAUSING) {
      driver.tell(new DriverCommand.Pause());
    }
    return state.node().equals(leader.node())
        ? Effect().none()
        : Effect().persist(new JobEvent.JobStarted(placed.epoch(), leader.node(), now()));
  }

  private Effect<JobEvent, JobState> onLost(JobState state, Scheduler.EpochLost lost) {
    if (!state.wants() || isFenced(state, lost.epoch())) {
      return Effect().none();
    }
    driver = null;
    JobSpec spec = state.requireSpec();
    List<JobEvent> events = new ArrayList<>();
    events.add(new JobEvent.EpochLost(lost.epoch(), lost.reason(), now()));
    if (state.failures() + 1 > spec.maxFailures()) {
      events.add(new JobEvent.JobEnded(
          JobStatus.FAILED,
          "lost its driver " + (state.failures() + 1)
              + " times without a new checkpoint (max_failures is " + spec.maxFailures()
              + "); the last time: " + lost.reason(),
          state.summary(),
          now()));
    } else if (state.status() == JobStatus.PAUSING) {
      events.add(new JobEvent.JobPaused(now()));
    }
    context.getLog().warn("job {} lost epoch {}: {}", key.id(), lost.epoch(), lost.reason());
    return Effect().persist(events).thenRun(s -> {
      if (s.wants()) {
        proceed(s);
      } else {
        withdraw();
      }
    });
  }

  // ---- answers

  private Effect<JobEvent, JobState> describe(long afterIteration, ActorRef<Reply> replyTo) {
    return Effect().none().thenReply(replyTo, s -> description(s, afterIteration));
  }

  private static Description description(JobState state, long afterIteration) {
    return new Description(
        state.requireSpec(),
        state.principal(),
        state.status(),
        state.reason(),
        state.epoch(),
        state.node(),
        state.checkpoints(),
        state.lines().stream()
            .filter(line -> line.iteration() > afterIteration)
            .limit(ANSWERED_LINES)
            .toList(),
        state.summary(),
        Objects.requireNonNull(state.submittedAt()),
        state.startedAt(),
        state.endedAt());
  }

  private Effect<JobEvent, JobState> unknown(ActorRef<Reply> replyTo) {
    return reject(replyTo, ErrorCode.NOT_FOUND, "job " + key.id() + " does not exist");
  }

  private Effect<JobEvent, JobState> ended(JobState state, ActorRef<Reply> replyTo, String wanted) {
    return reject(
        replyTo,
        ErrorCode.CONFLICT,
        "job " + key.id() + " is " + state.status().id() + " and cannot be " + wanted);
  }

  private Effect<JobEvent, JobState> reject(
      ActorRef<Reply> replyTo, ErrorCode code, String message) {
    return Effect().none().thenReply(replyTo, s -> new Rejected(code, message));
  }

  private Instant now() {
    return dependencies.clock().instant();
  }
}
