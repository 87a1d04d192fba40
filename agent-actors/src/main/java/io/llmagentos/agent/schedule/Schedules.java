package io.llmagentos.agent.schedule;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An agent's schedules and what they and events have woken it for; immutable.
 *
 * @param wakes the latest {@link #KEPT_WAKES}, by which a repeated one is known, and those that have not become turns yet
 */
public record Schedules(List<Planned> planned, List<Occurrence> wakes) {
  public static final int MOST_SCHEDULES = 100;
  public static final int KEPT_WAKES = 256;
  public static final Schedules NONE = new Schedules(List.of(), List.of());

  /** @param next when it is due */
  public record Planned(Schedule schedule, Instant next) {}

  /**
   * A schedule that is due.
   *
   * @param next its next time; null: there is none, and it is gone
   * @param notice how late it is, for open chats; empty: on time
   */
  public record Due(Occurrence wake, @Nullable Instant next, String notice) {}

  public Schedules {
    planned = List.copyOf(planned);
    wakes = List.copyOf(wakes);
  }

  public Optional<Planned> find(String id) {
    return planned.stream().filter(each -> each.schedule().id().equals(id)).findFirst();
  }

  public Optional<Occurrence> wake(String key) {
    return wakes.stream().filter(wake -> wake.key().equals(key)).findFirst();
  }

  /** A wake that has not become a turn yet, by the turn's id. */
  public Optional<Occurrence> pending(String turn) {
    return wakes.stream()
        .filter(wake -> wake.turn().equals(turn) && !wake.ended())
        .findFirst();
  }

  public long pending() {
    return wakes.stream().filter(wake -> !wake.ended()).count();
  }

  /**
   * What a schedule that is due becomes: one wake, however many of its times have passed. Empty before its time, also when a clock has gone back.
   *
   * @param turn the turn's id of a key
   */
  public Optional<Due> due(String id, Instant now, Function<String, String> turn) {
    return find(id).filter(each -> !each.next().isAfter(now)).map(each -> {
      Schedule schedule = each.schedule();
      String key = "schedule/" + id + "/" + each.next();
      int missed = schedule.timing().missed(each.next(), now);
      String late = Occurrence.late(each.next(), missed, now);
      return new Due(
          new Occurrence(
              key,
              id,
              turn.apply(key),
              schedule.principal(),
              schedule.session(),
              schedule.text().replace("{late}", late),
              each.next(),
              missed,
              false,
              ""),
          schedule.timing().next(each.next(), now).orElse(null),
          late.isEmpty() ? "" : "Schedule " + id + ": " + late);
    });
  }

  public Schedules with(Schedule schedule, Instant next) {
    return new Schedules(
        Stream.concat(
                without(schedule.id()).planned.stream(), Stream.of(new Planned(schedule, next)))
            .toList(),
        wakes);
  }

  public Schedules without(String id) {
    return new Schedules(
        planned.stream().filter(each -> !each.schedule().id().equals(id)).toList(), wakes);
  }

  /** @param next of the wake's schedule; null: it has none */
  public Schedules with(Occurrence wake, @Nullable Instant next) {
    Schedules after = next == null
        ? without(wake.schedule())
        : find(wake.schedule()).map(each -> with(each.schedule(), next)).orElse(this);
    List<Occurrence> all = new ArrayList<>(wakes);
    all.add(wake);
    if (all.size() > KEPT_WAKES) {
      wakes.stream().filter(Occurrence::ended).findFirst().ifPresent(all::remove);
    }
    return new Schedules(after.planned, all);
  }

  /** @param error the error's code; empty: it has become a turn */
  public Schedules withEnd(String turn, String error) {
    return new Schedules(
        planned,
        wakes.stream()
            .map(wake -> wake.turn().equals(turn) ? wake.withEnd(error) : wake)
            .toList());
  }
}
