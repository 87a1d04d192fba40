package io.llmagentos.node.journal;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import javax.sql.DataSource;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;

/**
 * Wakes the entities whose durable timers are due; one per cluster. A timer stays in its table until its entity has persisted what the timer meant,
 * so a wake may come more than once and entities take it idempotently. A timer that fell due while no node was up is woken at the next start.
 * Each poll reads one page of due timers, the next poll the page after it: timers that nobody clears hold up no others.
 */
public final class DueTimers {
  private static final int BATCH = 256;
  private static final Duration REPEAT_AFTER = Duration.ofSeconds(5);

  /** Wakes one kind of entity. */
  @FunctionalInterface
  public interface Waker {
    void wake(String entityId, String timer);
  }

  public sealed interface Command {}

  private record Poll() implements Command {}

  private record Due(List<Timer> timers, @Nullable Throwable failure) implements Command {}

  private record Timer(String persistenceId, String name, Instant due) {
    /** Before every timer. */
    static final Timer START = new Timer("", "", Instant.EPOCH);
  }

  private final ActorContext<Command> context;
  private final TimerScheduler<Command> timers;
  private final DataSource database;
  private final Executor blocking;
  private final Clock clock;
  private final Duration pollEvery;
  private final Map<String, Waker> wakers;
  private final Map<Timer, Instant> woken = new HashMap<>();
  private Timer pageAfter = Timer.START;

  private DueTimers(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      DataSource database,
      Executor blocking,
      Clock clock,
      Duration pollEvery,
      Map<String, Waker> wakers) {
    this.context = context;
    this.timers = timers;
    this.database = database;
    this.blocking = blocking;
    this.clock = clock;
    this.pollEvery = pollEvery;
    this.wakers = wakers;
  }

  /**
   * @param wakers by the kind of entity, the part of the persistence id before {@code |}
   */
  public static Behavior<Command> create(
      DataSource database,
      Executor blocking,
      Clock clock,
      Duration pollEvery,
      Map<String, Waker> wakers) {
    return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
      timers.startSingleTimer(new Poll(), pollEvery);
      return new DueTimers(context, timers, database, blocking, clock, pollEvery, wakers).polling();
    }));
  }

  private Behavior<Command> polling() {
    return Behaviors.receive(Command.class)
        .onMessage(Poll.class, poll -> onPoll())
        .onMessage(Due.class, this::onDue)
        .build();
  }

  private Behavior<Command> onPoll() {
    Instant now = clock.instant();
    Timer after = pageAfter;
    context.pipeToSelf(
        CompletableFuture.supplyAsync(() -> readDue(now, after), blocking),
        (due, failure) -> new Due(due == null ? List.of() : due, failure));
    return Behaviors.same();
  }

  private Behavior<Command> onDue(Due due) {
    if (due.failure() != null) {
      context.getLog().warn("due timers cannot be read, trying again", due.failure());
    } else {
      Instant now = clock.instant();
      // A clock that was set back would hold up what was woken before for as long.
      woken
          .values()
          .removeIf(last -> last.isAfter(now) || last.plus(REPEAT_AFTER).isBefore(now));
      for (Timer timer : due.timers()) {
        if (woken.putIfAbsent(timer, now) == null) {
          wake(timer);
        }
      }
      pageAfter = due.timers().size() < BATCH ? Timer.START : due.timers().getLast();
    }
    timers.startSingleTimer(new Poll(), pollEvery);
    return Behaviors.same();
  }

  private void wake(Timer timer) {
    int bar = timer.persistenceId().indexOf('|');
    Waker waker = wakers.get(timer.persistenceId().substring(0, bar));
    if (waker == null) {
      context
          .getLog()
          .warn(
              "nobody wakes {} for its timer {}: its subsystem is not on the class path",
              timer.persistenceId(),
              timer.name());
    } else {
      waker.wake(timer.persistenceId().substring(bar + 1), timer.name());
    }
  }

  private List<Timer> readDue(Instant now, Timer after) {
    try (Connection connection = database.getConnection();
        PreparedStatement select = connection.prepareStatement(
            "SELECT persistence_id, timer, due_at FROM due_timer WHERE due_at <= ?"
                + " AND (due_at, persistence_id, timer) > (?, ?, ?)"
                + " ORDER BY due_at, persistence_id, timer LIMIT " + BATCH)) {
      select.setLong(1, now.toEpochMilli());
      select.setLong(2, after.due().toEpochMilli());
      select.setString(3, after.persistenceId());
      select.setString(4, after.name());
      List<Timer> due = new ArrayList<>();
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          due.add(new Timer(
              rows.getString(1), rows.getString(2), Instant.ofEpochMilli(rows.getLong(3))));
        }
      }
      connection.rollback();
      return due;
    } catch (SQLException e) {
      throw new IllegalStateException("due timers cannot be read", e);
    }
  }
}
