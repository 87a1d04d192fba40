package io.llmagentos.agent.serving;

import io.llmagentos.agent.schedule.Occurrence;
import io.llmagentos.agent.schedule.Schedule;
import io.llmagentos.agent.schedule.Schedules;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.http.Api;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What an agent does without being spoken to: which events a request, a timer or the end of a delivery is. A wake is recorded once, by its key, before it is
 * delivered; it is delivered until its session has the turn, whose id makes a repeated delivery harmless.
 */
final class Proactive {
  /** Wakes that may be on their way. */
  static final int MOST_PENDING = 64;

  private static final int TURN_LENGTH = 32;
  private static final int LONGEST_KEY = 200;

  /** What trying again does not mend. */
  private static final Set<ErrorCode> FINAL = Set.of(
      ErrorCode.CONFLICT, ErrorCode.NOT_FOUND, ErrorCode.INVALID_REQUEST, ErrorCode.FORBIDDEN);

  private final AgentKey agent;
  private final Function<AgentKey, List<Schedule>> declared;

  Proactive(AgentKey agent, Function<AgentKey, List<Schedule>> declared) {
    this.agent = agent;
    this.declared = declared;
  }

  /** What to persist, and what to deliver then. */
  record Next(List<AgentEvent> events, Optional<Occurrence> deliver) {
    static final Next NOTHING = new Next(List.of(), Optional.empty());

    static Next of(AgentEvent event) {
      return new Next(List.of(event), Optional.empty());
    }

    static Next of(AgentEvent.Woken woken) {
      return new Next(List.of(woken), Optional.of(woken.wake()));
    }

    boolean nothing() {
      return events.isEmpty() && deliver.isEmpty();
    }
  }

  /** A durable timer fired. */
  Next woken(Schedules schedules, String timer, Instant now) {
    Optional<Occurrence> pending = schedules.wakes().stream()
        .filter(wake -> !wake.ended() && AgentEvent.wakeTimer(wake.turn()).equals(timer))
        .findFirst();
    if (pending.isPresent()) {
      return new Next(List.of(), pending);
    }
    Schedule schedule = scheduleOf(schedules, timer).orElse(null);
    if (schedule == null) {
      return Next.NOTHING;
    }
    if (schedule.declared() && !declared.apply(agent).contains(schedule)) {
      // The definition that declared it has changed since.
      return Next.of(new AgentEvent.ScheduleRemoved(schedule.id(), now));
    }
    return schedules
        .due(schedule.id(), now, this::turn)
        .map(due -> Next.of(new AgentEvent.Woken(due.wake(), due.next(), due.notice(), now)))
        .orElse(Next.NOTHING);
  }

  /** Whether a timer is of a schedule whose time has not come, by this node's clock. */
  boolean isLater(Schedules schedules, String timer) {
    return scheduleOf(schedules, timer).isPresent();
  }

  private static Optional<Schedule> scheduleOf(Schedules schedules, String timer) {
    return schedules.planned().stream()
        .map(Schedules.Planned::schedule)
        .filter(schedule -> AgentEvent.scheduleTimer(schedule.id()).equals(timer))
        .findFirst();
  }

  /** @throws AgentOsException when it is refused */
  Next asked(Schedules schedules, Agent.OfProactive request, Instant now) {
    return switch (request) {
      case Agent.SetSchedule set -> {
        requireOwn(schedules, set.schedule().id());
        if (schedules.find(set.schedule().id()).isEmpty()
            && schedules.planned().size() >= Schedules.MOST_SCHEDULES) {
          throw new AgentOsException(
              ErrorCode.CONFLICT,
              "this agent has " + schedules.planned().size() + " schedules, at most "
                  + Schedules.MOST_SCHEDULES + " may be; delete one");
        }
        yield Next.of(set(set.schedule(), now));
      }
      case Agent.RemoveSchedule remove -> {
        requireOwn(schedules, remove.id());
        if (schedules.find(remove.id()).isEmpty()) {
          throw new AgentOsException(
              ErrorCode.NOT_FOUND, "there is no schedule '" + remove.id() + "'", "id");
        }
        yield Next.of(new AgentEvent.ScheduleRemoved(remove.id(), now));
      }
      case Agent.FollowDefinition follow -> follow(schedules, now);
      case Agent.ListSchedules list -> Next.NOTHING;
      case Agent.Raise raise -> raise(schedules, raise, now);
    };
  }

  private static void requireOwn(Schedules schedules, String id) {
    if (schedules.find(id).filter(each -> each.schedule().declared()).isPresent()) {
      throw new AgentOsException(
          ErrorCode.CONFLICT,
          "the schedule '" + id + "' is declared by the agent's definition; change it there",
          "id");
    }
  }

  private static AgentEvent.ScheduleSet set(Schedule schedule, Instant now) {
    return new AgentEvent.ScheduleSet(
        schedule,
        schedule
            .timing()
            .next(now, now)
            .orElseThrow(() -> new AgentOsException(
                ErrorCode.INVALID_REQUEST,
                "the schedule '" + schedule.id() + "' would never be due: it is " + now
                    + " already",
                "at")),
        now);
  }

  private Next follow(Schedules schedules, Instant now) {
    List<Schedule> wanted = declared.apply(agent);
    List<AgentEvent> events = new ArrayList<>();
    for (Schedules.Planned planned : schedules.planned()) {
      if (planned.schedule().declared()
          && wanted.stream()
              .noneMatch(each -> each.id().equals(planned.schedule().id()))) {
        events.add(new AgentEvent.ScheduleRemoved(planned.schedule().id(), now));
      }
    }
    for (Schedule schedule : wanted) {
      boolean known = schedules
          .find(schedule.id())
          .filter(each -> each.schedule().equals(schedule))
          .isPresent();
      // One that lies in the past has been, or comes too late.
      if (!known && schedule.timing().next(now, now).isPresent()) {
        events.add(set(schedule, now));
      }
    }
    return new Next(events, Optional.empty());
  }

  private Next raise(Schedules schedules, Agent.Raise raise, Instant now) {
    if (raise.key().isBlank() || raise.key().length() > LONGEST_KEY) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          "key must have 1 to " + LONGEST_KEY + " characters, has "
              + raise.key().length(),
          "key");
    }
    if (raise.text().isBlank() || raise.text().length() > Schedule.LONGEST_TEXT) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          "text must have 1 to " + Schedule.LONGEST_TEXT + " characters and not be blank, has "
              + raise.text().length(),
          "text");
    }
    if (schedules.wake(eventKey(raise)).isPresent()) {
      return Next.NOTHING;
    }
    if (schedules.pending() >= MOST_PENDING) {
      throw new AgentOsException(
          ErrorCode.QUEUE_FULL,
          schedules.pending() + " events wait to become turns, at most " + MOST_PENDING
              + " may; try again");
    }
    Occurrence wake = new Occurrence(
        eventKey(raise),
        "",
        turn(eventKey(raise)),
        raise.principal(),
        raise.session(),
        raise.text(),
        now,
        0,
        false,
        "");
    return Next.of(new AgentEvent.Woken(wake, null, "", now));
  }

  /** What the asker hears once the events are in the journal. */
  Agent.Reply reply(Schedules schedules, Agent.OfProactive request) {
    return request instanceof Agent.Raise raise
        ? new Agent.Raised(schedules.wake(eventKey(raise)).orElseThrow())
        : new Agent.Scheduled(schedules.planned());
  }

  private static String eventKey(Agent.Raise raise) {
    return "event/" + raise.key();
  }

  private String turn(String key) {
    return "wake-" + Api.sha256(agent.entityId() + "\n" + key).substring(0, TURN_LENGTH);
  }

  /** @param failure null: the session has the turn */
  static Next delivered(
      Schedules schedules, Occurrence wake, @Nullable AgentOsException failure, Instant now) {
    if (schedules.pending(wake.turn()).isEmpty()
        || (failure != null && !FINAL.contains(failure.code()))) {
      return Next.NOTHING;
    }
    return Next.of(
        failure == null
            ? new AgentEvent.WakeEnded(wake.turn(), "", "", now)
            : new AgentEvent.WakeEnded(
                wake.turn(),
                failure.code().id(),
                wake.key() + " could not be said: " + failure.getMessage(),
                now));
  }

  /** What open chats show of an event; empty: nothing. */
  static String notice(AgentEvent event) {
    return switch (event) {
      case AgentEvent.Woken woken -> woken.notice();
      case AgentEvent.WakeEnded ended -> ended.notice();
      default -> "";
    };
  }
}
