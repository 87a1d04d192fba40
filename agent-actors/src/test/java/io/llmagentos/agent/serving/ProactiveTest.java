package io.llmagentos.agent.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.llmagentos.agent.schedule.Occurrence;
import io.llmagentos.agent.schedule.Schedule;
import io.llmagentos.agent.schedule.Schedules;
import io.llmagentos.agent.schedule.Timing;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.http.Api;
import io.llmagentos.node.journal.TimerChange;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ProactiveTest {
  private static final Instant SET = Instant.parse("2026-11-27T05:00:00Z");
  private static final AgentKey AGENT = new AgentKey("local", "assistant", "alice");

  @SuppressWarnings("NullAway") // nobody is replied to here
  private static final ActorRef<Agent.Reply> NOBODY = null;

  private List<Schedule> declared = List.of();
  private final Proactive proactive = new Proactive(AGENT, agent -> declared);
  private AgentState state = AgentState.EMPTY;

  private static Schedule hourly(boolean declared) {
    return new Schedule(
        "report", "alice", "s", new Timing.Every(Duration.ofHours(1)), "report {late}", declared);
  }

  private Proactive.Next apply(Proactive.Next next) {
    next.events().forEach(event -> state = state.apply(event));
    return next;
  }

  private Proactive.Next ask(Agent.OfProactive request, Instant now) {
    return apply(proactive.asked(state.schedules(), request, now));
  }

  private Proactive.Next fire(String timer, Instant now) {
    return apply(proactive.woken(state.schedules(), timer, now));
  }

  private Proactive.Next delivered(Occurrence wake, @Nullable AgentOsException failure) {
    return apply(Proactive.delivered(state.schedules(), wake, failure, SET));
  }

  private static Instant hours(long hours) {
    return SET.plus(Duration.ofHours(hours));
  }

  @Test
  void shouldWakeOnceEachTime() {
    assertThat(ask(new Agent.SetSchedule(hourly(false), NOBODY), SET).events())
        .singleElement()
        .satisfies(event -> assertThat(event.timerChanges())
            .containsExactly(new TimerChange.Set("schedule/report", hours(1))));
    assertThat(fire("schedule/report", hours(1).minusMillis(1)).nothing()).isTrue();
    Proactive.Next first = fire("schedule/report", hours(1));
    Occurrence wake = first.deliver().orElseThrow();
    assertThat(wake.text()).isEqualTo("report ");
    assertThat(wake.turn()).matches("wake-[0-9a-f]{32}");
    assertThat(first.events().getFirst().timerChanges())
        .containsExactly(
            new TimerChange.Set("wake/" + wake.turn(), hours(1).plusSeconds(5)),
            new TimerChange.Set("schedule/report", hours(2)));
    assertThat(fire("schedule/report", hours(1)).nothing())
        .as("the same wake again")
        .isTrue();
    assertThat(state.notices()).isEmpty();
    assertThat(fire("schedule/report", hours(2)).deliver().orElseThrow().turn())
        .isNotEqualTo(wake.turn());
  }

  @Test
  void shouldComeOnceForAllThatWasMissedAndSayHowLate() {
    ask(new Agent.SetSchedule(hourly(false), NOBODY), SET);
    Occurrence wake =
        fire("schedule/report", hours(4).plusSeconds(1200)).deliver().orElseThrow();
    assertThat(wake.due()).isEqualTo(hours(1));
    assertThat(wake.missed()).isEqualTo(3);
    assertThat(wake.text()).isEqualTo("report 3 h 20 min late, 3 more missed");
    assertThat(state.notices().getLast().text())
        .isEqualTo("Schedule report: 3 h 20 min late, 3 more missed");
    assertThat(state.schedules().find("report").orElseThrow().next()).isEqualTo(hours(5));
  }

  @Test
  void shouldNeverComeTwiceWhenAClockGoesBack() {
    ask(new Agent.SetSchedule(hourly(false), NOBODY), SET);
    fire("schedule/report", hours(3));
    assertThat(fire("schedule/report", hours(1)).nothing()).isTrue();
    assertThat(fire("schedule/report", hours(3)).nothing()).isTrue();
    assertThat(state.schedules().wakes()).hasSize(1);
    assertThat(fire("schedule/report", hours(4)).deliver()).isPresent();
  }

  @Test
  void shouldDeliverUntilItsSessionHasIt() {
    Agent.Raise raise = new Agent.Raise("order-7", "alice", "s", "shipped", NOBODY);
    Occurrence wake = ask(raise, SET).deliver().orElseThrow();
    assertThat(ask(raise, hours(1)).nothing()).as("the event is known").isTrue();
    assertThat(
            delivered(wake, new AgentOsException(ErrorCode.QUEUE_FULL, "full")).nothing())
        .isTrue();
    assertThat(fire("wake/" + wake.turn(), hours(1)).deliver()).contains(wake);
    assertThat(delivered(wake, null).events().getFirst().timerChanges())
        .containsExactly(new TimerChange.Cleared("wake/" + wake.turn()));
    assertThat(delivered(wake, null).nothing()).isTrue();
    assertThat(fire("wake/" + wake.turn(), hours(2)).nothing()).isTrue();
    assertThat(ask(raise, hours(3)).nothing()).isTrue();
    assertThat(((Agent.Raised) proactive.reply(state.schedules(), raise)).wake().turn())
        .isEqualTo(wake.turn());
  }

  @Test
  void shouldGiveUpWhatCannotBeSaid() {
    Occurrence wake =
        ask(new Agent.Raise("k", "alice", "s", "text", NOBODY), SET).deliver().orElseThrow();
    delivered(wake, new AgentOsException(ErrorCode.CONFLICT, "open with another agent"));
    assertThat(state.schedules().wake("event/k").orElseThrow().error()).isEqualTo("conflict");
    assertThat(state.notices().getLast().text()).contains("open with another agent");
  }

  @Test
  void shouldFollowItsDefinition() {
    declared = List.of(hourly(true));
    assertThat(ask(new Agent.FollowDefinition(NOBODY), SET).events()).hasSize(1);
    assertThat(ask(new Agent.FollowDefinition(NOBODY), hours(1)).events()).isEmpty();
    assertThatThrownBy(() -> ask(new Agent.RemoveSchedule("report", NOBODY), SET))
        .isInstanceOfSatisfying(
            AgentOsException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFLICT));
    declared = List.of();
    assertThat(fire("schedule/report", hours(1)).deliver()).isEmpty();
    assertThat(state.schedules().planned()).isEmpty();
  }

  @Test
  void shouldRefuseWhatIsTooMuchOrTooLate() {
    refused(
        new Agent.SetSchedule(
            new Schedule("once", "alice", "s", new Timing.At(SET), "text", false), NOBODY),
        ErrorCode.INVALID_REQUEST);
    refused(new Agent.RemoveSchedule("none", NOBODY), ErrorCode.NOT_FOUND);
    refused(
        new Agent.Raise("x".repeat(201), "alice", "s", "text", NOBODY), ErrorCode.INVALID_REQUEST);
    for (String text : List.of(" ", "x".repeat(Schedule.LONGEST_TEXT + 1))) {
      refused(new Agent.Raise("k", "alice", "s", text, NOBODY), ErrorCode.INVALID_REQUEST);
    }
    for (int i = 0; i < Proactive.MOST_PENDING; i++) {
      ask(new Agent.Raise("k" + i, "alice", "s", "text", NOBODY), SET);
    }
    refused(new Agent.Raise("more", "alice", "s", "text", NOBODY), ErrorCode.QUEUE_FULL);
    for (int i = 0; i < Schedules.MOST_SCHEDULES; i++) {
      ask(
          new Agent.SetSchedule(
              new Schedule(
                  "s" + i, "alice", "s", new Timing.Every(Duration.ofHours(1)), "t", false),
              NOBODY),
          SET);
    }
    refused(new Agent.SetSchedule(hourly(false), NOBODY), ErrorCode.CONFLICT);
  }

  private void refused(Agent.OfProactive request, ErrorCode code) {
    assertThatThrownBy(() -> ask(request, SET))
        .isInstanceOfSatisfying(
            AgentOsException.class, e -> assertThat(e.code()).isEqualTo(code));
  }

  @Test
  void shouldForgetOnlyWhatHasEnded() {
    Occurrence first = ask(new Agent.Raise("first", "alice", "s", "text", NOBODY), SET)
        .deliver()
        .orElseThrow();
    for (int i = 0; i < Schedules.KEPT_WAKES + 10; i++) {
      delivered(
          ask(new Agent.Raise("k" + i, "alice", "s", "text", NOBODY), SET)
              .deliver()
              .orElseThrow(),
          null);
    }
    assertThat(state.schedules().wakes()).hasSize(Schedules.KEPT_WAKES).contains(first);
    assertThat(state.schedules().wake("event/k0")).isEmpty();
  }

  @Test
  void shouldBeReadFromItsJournal() throws JsonProcessingException {
    Schedule cron = new Schedule("c", "alice", "s", new Timing.Cron("0 7 * * *", "UTC"), "t", true);
    Proactive.Next due = apply(new Proactive.Next(
        List.of(new AgentEvent.ScheduleSet(cron, hours(2), SET)), java.util.Optional.empty()));
    declared = List.of(cron);
    for (AgentEvent event : List.of(
        due.events().getFirst(),
        fire("schedule/c", hours(2)).events().getFirst(),
        new AgentEvent.WakeEnded("t", "", "", SET),
        new AgentEvent.ScheduleRemoved("c", SET))) {
      String json = Api.JSON.writerFor(AgentEvent.class).writeValueAsString(event);
      assertThat(Api.JSON.readValue(json, AgentEvent.class)).as(json).isEqualTo(event);
    }
  }
}
