package io.llmagentos.agent.serving;

import io.llmagentos.agent.personal.CalendarExport;
import io.llmagentos.agent.personal.PersonalEvent;
import io.llmagentos.agent.personal.PersonalState;
import io.llmagentos.agent.personal.PersonalTool;
import io.llmagentos.agent.personal.ToolArguments;
import io.llmagentos.agent.personal.ToolContext;
import io.llmagentos.agent.personal.ToolException;
import io.llmagentos.agent.personal.ToolOutcome;
import io.llmagentos.agent.schedule.Occurrence;
import io.llmagentos.agent.schedule.Schedule;
import io.llmagentos.agent.schedule.Schedules;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.http.ApiError;
import io.llmagentos.node.journal.EventProjection;
import io.llmagentos.node.wire.WireMessage;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.PreRestart;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.SignalHandler;
import org.jspecify.annotations.Nullable;

/**
 * The agent that serves one subject: carries out tool calls on the subject's durable things, one after the other, and rings what falls due. A call's
 * key makes it idempotent: its changes and its answer are one event. Tools run outside the actor with a time limit; one that hangs or throws ends
 * its call and nothing else.
 */
public final class Agent extends EventSourcedBehavior<Agent.Command, AgentEvent, AgentState> {
  public static final String KIND = "agent";
  public static final EntityTypeKey<Command> KEY = EntityTypeKey.create(Command.class, KIND);

  /** Calls that may wait in one agent. */
  static final int MAX_WAITING = 64;

  public sealed interface Command {}

  public sealed interface Request extends Command, WireMessage {}

  /**
   * Carry out a call.
   *
   * @param callKey the same whenever the same call is asked for again
   * @param request the subject's words that led to it
   */
  public record Act(
      Context context,
      String callKey,
      String tool,
      String arguments,
      String request,
      ActorRef<Reply> replyTo)
      implements Request {}

  /** A durable timer is due. */
  public record Wake(String timer) implements Request {}

  /** Hear of every notice after the given one; repeat it to follow the agent when it moves. */
  public record Watch(long afterNotice, ActorRef<Reply> watcher) implements Request {}

  /** The subject's calendar in iCalendar form. */
  public record ExportCalendar(ActorRef<Reply> replyTo) implements Request {}

  public record FindLatestNotice(ActorRef<Reply> replyTo) implements Request {}

  /** What is wanted of the agent's schedules and events. */
  public sealed interface OfProactive extends Request {
    ActorRef<Reply> replyTo();
  }

  /** Set a schedule, or put it in the place of the one with its id. */
  public record SetSchedule(Schedule schedule, ActorRef<Reply> replyTo) implements OfProactive {}

  public record RemoveSchedule(String id, ActorRef<Reply> replyTo) implements OfProactive {}

  /** Take over what the agent's definition declares; the same again changes nothing. */
  public record FollowDefinition(ActorRef<Reply> replyTo) implements OfProactive {}

  public record ListSchedules(ActorRef<Reply> replyTo) implements OfProactive {}

  /**
   * An event that the agent shall hear of, as a turn.
   *
   * @param key the same again is the same event
   */
  public record Raise(
      String key, String principal, String session, String text, ActorRef<Reply> replyTo)
      implements OfProactive {}

  private record WakeDelivered(Occurrence wake, @Nullable Throwable failure) implements Command {}

  private record ToolReturned(
      Act act, @Nullable ToolOutcome outcome, @Nullable Throwable failure) implements Command {}

  private record WatcherGone(ActorRef<Reply> watcher) implements Command {}

  public sealed interface Reply extends WireMessage {}

  public record Acted(String callKey, String answer) implements Reply {}

  public record Refused(String callKey, ErrorCode code, String message) implements Reply {}

  public record Noticed(long id, String kind, String text, Instant at) implements Reply {}

  public record LatestNotice(long id) implements Reply {}

  public record Exported(String text) implements Reply {}

  /** The schedules as they are now. */
  public record Scheduled(List<Schedules.Planned> planned) implements Reply {
    public Scheduled {
      planned = List.copyOf(planned);
    }
  }

  /** An event is in the journal, and becomes a turn. */
  public record Raised(Occurrence wake) implements Reply {}

  /**
   * What an agent needs from its node.
   *
   * @param tools by name
   * @param zone in which the subject's days and hours are meant
   * @param delivery how a wake becomes a turn
   * @param declared the schedules that an agent's definition declares for its subject
   */
  public record Dependencies(
      Clock clock,
      ZoneId zone,
      Map<String, PersonalTool> tools,
      Executor toolExecutor,
      Duration toolTimeout,
      AtomicInteger resident,
      BiFunction<AgentKey, Occurrence, CompletionStage<?>> delivery,
      Function<AgentKey, List<Schedule>> declared) {}

  private final ActorContext<Command> context;
  private final AgentKey key;
  private final Dependencies dependencies;
  private final Set<ActorRef<Reply>> watchers = new HashSet<>();
  private final Deque<Act> waiting = new ArrayDeque<>();
  /** Who waits for the call that runs; empty: none runs. */
  private final List<Act> running = new ArrayList<>();

  /** The turns of wakes that are on their way to their sessions. */
  private final Set<String> delivering = new HashSet<>();

  private final Proactive proactive;

  private Agent(ActorContext<Command> context, String entityId, Dependencies dependencies) {
    super(
        PersistenceId.of(KIND, entityId),
        SupervisorStrategy.restartWithBackoff(Duration.ofMillis(200), Duration.ofSeconds(5), 0.2));
    this.context = context;
    this.key = AgentKey.parse(entityId);
    this.dependencies = dependencies;
    this.proactive = new Proactive(key, dependencies.declared());
    dependencies.resident().incrementAndGet();
  }

  public static Behavior<Command> create(String entityId, Dependencies dependencies) {
    return Behaviors.setup(context -> new Agent(context, entityId, dependencies));
  }

  @Override
  public AgentState emptyState() {
    return AgentState.EMPTY;
  }

  @Override
  public CommandHandler<Command, AgentEvent, AgentState> commandHandler() {
    return newCommandHandlerBuilder()
        .forAnyState()
        .onCommand(Act.class, this::onAct)
        .onCommand(ToolReturned.class, this::onToolReturned)
        .onCommand(Wake.class, this::onWake)
        .onCommand(Watch.class, this::onWatch)
        .onCommand(WatcherGone.class, this::onWatcherGone)
        .onCommand(FindLatestNotice.class, this::onFindLatestNotice)
        .onCommand(ExportCalendar.class, this::onExportCalendar)
        .onCommand(OfProactive.class, this::onProactive)
        .onCommand(WakeDelivered.class, this::onWakeDelivered)
        .build();
  }

  @Override
  public EventHandler<AgentState, AgentEvent> eventHandler() {
    return newEventHandlerBuilder().forAnyState().onAnyEvent(AgentState::apply);
  }

  @Override
  public Set<String> tagsFor(AgentEvent event) {
    return EventProjection.tags(persistenceId().id());
  }

  @Override
  public SignalHandler<AgentState> signalHandler() {
    return newSignalHandlerBuilder()
        .onSignal(PostStop.instance(), state -> dependencies.resident().decrementAndGet())
        .onSignal(PreRestart.instance(), state -> dependencies.resident().decrementAndGet())
        .build();
  }

  private Effect<AgentEvent, AgentState> onAct(AgentState state, Act act) {
    String known = state.answerOf(act.callKey()).orElse(null);
    if (known != null) {
      return Effect().none().thenReply(act.replyTo(), s -> new Acted(act.callKey(), known));
    }
    if (!running.isEmpty() && running.getFirst().callKey().equals(act.callKey())) {
      running.add(act);
    } else if (!running.isEmpty()) {
      if (waiting.size() >= MAX_WAITING) {
        return Effect()
            .none()
            .thenReply(
                act.replyTo(),
                s -> new Refused(
                    act.callKey(),
                    ErrorCode.QUEUE_FULL,
                    waiting.size() + " calls wait for this agent, at most " + MAX_WAITING
                        + " may; try again"));
      }
      waiting.add(act);
    } else {
      start(state, act);
    }
    return Effect().none();
  }

  private void start(AgentState state, Act act) {
    running.add(act);
    PersonalTool tool = dependencies.tools().get(act.tool());
    if (tool == null) {
      context
          .getSelf()
          .tell(new ToolReturned(
              act, null, new ToolException("There is no tool named " + act.tool() + ".")));
      return;
    }
    ToolContext toolContext =
        new ToolContext(state.personal(), now(), act.callKey(), act.request());
    CompletableFuture<ToolOutcome> call = CompletableFuture.supplyAsync(
            () -> tool.call(ToolArguments.parse(act.arguments()), toolContext),
            dependencies.toolExecutor())
        .orTimeout(dependencies.toolTimeout().toMillis(), TimeUnit.MILLISECONDS);
    context.pipeToSelf(call, (outcome, failure) -> new ToolReturned(act, outcome, failure));
  }

  private Effect<AgentEvent, AgentState> onToolReturned(AgentState state, ToolReturned returned) {
    Act act = returned.act();
    ToolOutcome outcome = returned.outcome();
    if (outcome == null) {
      Reply reply = failed(act, returned.failure());
      return Effect().none().thenRun(s -> ended(reply));
    }
    if (outcome.events().isEmpty()) {
      return Effect().none().thenRun(s -> ended(new Acted(act.callKey(), outcome.answer())));
    }
    return Effect()
        .persist(new AgentEvent.CallRecorded(
            act.callKey(),
            act.tool(),
            act.arguments(),
            outcome.events(),
            outcome.answer(),
            dependencies.clock().instant()))
        .thenRun(s -> ended(new Acted(act.callKey(), outcome.answer())));
  }

  private Reply failed(Act act, @Nullable Throwable failure) {
    Throwable cause = failure instanceof CompletionException wrapped && wrapped.getCause() != null
        ? wrapped.getCause()
        : failure;
    if (cause instanceof ToolException asked) {
      return new Acted(act.callKey(), String.valueOf(asked.getMessage()));
    }
    if (cause instanceof TimeoutException) {
      return new Refused(
          act.callKey(),
          ErrorCode.TOOL_FAILED,
          "the tool " + act.tool() + " did not return within " + dependencies.toolTimeout()
              + " (llmagentos.agent.tool-timeout)");
    }
    context.getLog().error("tool {} failed", act.tool(), cause);
    return new Refused(act.callKey(), ErrorCode.TOOL_FAILED, "the tool " + act.tool() + " failed");
  }

  private void ended(Reply reply) {
    running.forEach(act -> act.replyTo().tell(reply));
    running.clear();
    Act next = waiting.poll();
    if (next != null) {
      context.getSelf().tell(next);
    }
  }

  private Effect<AgentEvent, AgentState> onWake(AgentState state, Wake wake) {
    Instant at = dependencies.clock().instant();
    Proactive.Next next = proactive.woken(state.schedules(), wake.timer(), at);
    if (!next.nothing()) {
      return goOn(next, s -> {});
    }
    if (proactive.isLater(state.schedules(), wake.timer())) {
      return Effect().none();
    }
    List<PersonalEvent> changes = state.personal().due(wake.timer(), at);
    String notice = PersonalState.notice(changes);
    return Effect()
        .persist(new AgentEvent.TimerFired(wake.timer(), changes, notice, at))
        .thenRun(s -> tellNotice(s, notice));
  }

  private void tellNotice(AgentState state, String notice) {
    if (!notice.isEmpty()) {
      watchers.forEach(watcher -> watcher.tell(noticed(state.notices().getLast())));
    }
  }

  private Effect<AgentEvent, AgentState> onProactive(AgentState state, OfProactive request) {
    try {
      Proactive.Next next =
          proactive.asked(state.schedules(), request, dependencies.clock().instant());
      return goOn(next, s -> request.replyTo().tell(proactive.reply(s.schedules(), request)));
    } catch (AgentOsException e) {
      return Effect()
          .none()
          .thenReply(
              request.replyTo(), s -> new Refused("", e.code(), String.valueOf(e.getMessage())));
    }
  }

  private Effect<AgentEvent, AgentState> goOn(Proactive.Next next, Consumer<AgentState> reply) {
    return Effect().persist(next.events()).thenRun(s -> {
      reply.accept(s);
      next.deliver().ifPresent(this::deliver);
      next.events().stream().map(Proactive::notice).forEach(notice -> tellNotice(s, notice));
    });
  }

  private void deliver(Occurrence wake) {
    if (delivering.add(wake.turn())) {
      context.pipeToSelf(
          dependencies.delivery().apply(key, wake),
          (delivered, failure) -> new WakeDelivered(wake, failure));
    }
  }

  private Effect<AgentEvent, AgentState> onWakeDelivered(AgentState state, WakeDelivered done) {
    delivering.remove(done.wake().turn());
    Throwable failure = done.failure();
    AgentOsException known = failure == null ? null : ApiError.known(failure);
    if (known != null) {
      context.getLog().warn("wake {} is no turn yet: {}", done.wake().key(), known.getMessage());
    }
    return goOn(
        Proactive.delivered(
            state.schedules(), done.wake(), known, dependencies.clock().instant()),
        s -> {});
  }

  private Effect<AgentEvent, AgentState> onWatch(AgentState state, Watch watch) {
    if (watchers.add(watch.watcher())) {
      context.watchWith(watch.watcher(), new WatcherGone(watch.watcher()));
    }
    state.notices().stream()
        .filter(notice -> notice.id() > watch.afterNotice())
        .forEach(notice -> watch.watcher().tell(noticed(notice)));
    return Effect().none();
  }

  private static Noticed noticed(AgentState.Notice notice) {
    return new Noticed(notice.id(), notice.kind(), notice.text(), notice.at());
  }

  private Effect<AgentEvent, AgentState> onWatcherGone(AgentState state, WatcherGone gone) {
    watchers.remove(gone.watcher());
    return Effect().none();
  }

  private Effect<AgentEvent, AgentState> onFindLatestNotice(
      AgentState state, FindLatestNotice find) {
    return Effect()
        .none()
        .thenReply(
            find.replyTo(),
            s -> new LatestNotice(
                s.notices().isEmpty() ? 0 : s.notices().getLast().id()));
  }

  private Effect<AgentEvent, AgentState> onExportCalendar(AgentState state, ExportCalendar export) {
    return Effect()
        .none()
        .thenReply(
            export.replyTo(),
            s -> new Exported(CalendarExport.text(
                s.personal().calendar(), dependencies.clock().instant())));
  }

  private ZonedDateTime now() {
    return dependencies.clock().instant().atZone(dependencies.zone());
  }

  @Override
  public String toString() {
    return "agent " + key.entityId();
  }
}
