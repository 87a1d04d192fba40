package io.llmagentos.agent.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.agent.session.Session;
import io.llmagentos.agent.session.SessionEvent;
import io.llmagentos.agent.session.Turn;
import io.llmagentos.node.envelope.ContentPart;
import io.llmagentos.node.http.Api;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A crash between every two events of a plan. The journal of a turn with a call that may be repeated, one that may not, and one that a person approves is cut after
 * each of its events and given to another session, which has to come to the same end without doing anything twice.
 */
class CrashPointsTest {
  @RegisterExtension
  static final RunningNode NODE = new RunningNode("");

  private static final Duration LIMIT = Duration.ofMinutes(5);

  @ParameterizedTest
  @CsvSource(textBlock = """
      shop,    crash-calls, everything for X77, So: charge of X77 for 0.,                        call_0
      planner, crash-plan,  X77 by plan,        So: refund of X77 for 0., 3#look
      """)
  void shouldComeToTheSameEndFromEveryPointOfItsJournal(
      String agent, String whole, String request, String answer, String lookUp) throws Exception {
    assertThat(NODE.post("/v1/sessions", "{\"agent\":\"%s\",\"id\":\"%s\"}".formatted(agent, whole))
            .status())
        .isEqualTo(201);
    NODE.post(
        "/v1/sessions/" + whole + "/messages",
        "{\"turn_id\":\"t1\",\"content\":\"%s\"}".formatted(request));
    decideUntilEnded(List.of(whole));
    assertThat(turn(whole).path("answer").asText()).isEqualTo(answer);

    List<SessionEvent> journal = journal(whole);
    assertThat(journal).hasSizeGreaterThanOrEqualTo(13);
    List<String> sessions = new ArrayList<>();
    for (int events = 2; events <= journal.size(); events++) {
      String session = "%s-%02d".formatted(whole, events);
      sessions.add(session);
      seed(json -> json.replace(whole, session), session, journal.subList(0, events));
    }
    decideUntilEnded(sessions);

    for (int events = 2; events <= journal.size(); events++) {
      String session = "%s-%02d".formatted(whole, events);
      List<SessionEvent> before = journal.subList(0, events);
      JsonNode turn = turn(session);
      assertThat(turn.path("status").asText()).as(session).isEqualTo("completed");
      assertThat(turn.path("answer").asText()).as(session).isEqualTo(answer);
      assertThat(StreamSupport.stream(turn.path("tool_calls").spliterator(), false)
              .map(call -> call.path("status").asText()))
          .as(session)
          .containsExactly("succeeded", "succeeded", "succeeded");
      for (String tool : List.of("charge", "refund")) {
        assertThat(calls(tool, session))
            .as("%s of %s, which had %s", tool, session, before.getLast())
            .hasSize(has(before, SessionEvent.CallStarted.class, tool) ? 0 : 1);
      }
      assertThat(calls("look_up", session))
          .as("look_up of %s", session)
          .hasSize(has(before, SessionEvent.CallEnded.class, "look_up") ? 0 : 1);
      assertThat(calls("look_up", session)).allMatch(key -> key.endsWith("/t1/" + lookUp));
    }
    long recordedFirst =
        journal.stream().filter(SessionEvent.ModelReplied.class::isInstance).count();
    assertThat(recordedFirst).isEqualTo(2);
    assertThat(NODE.models().asked(request))
        .as("a recorded reply is never asked for again")
        .hasSize(2 + asked(journal));
  }

  /** The journal of a turn that asks another agent is cut; the other one's is as far as it was then. */
  @Test
  void shouldComeToTheSameEndWithTheAgentThatItAsked() throws Exception {
    String whole = "crash-asks";
    NODE.post("/v1/sessions", "{\"agent\":\"front\",\"id\":\"%s\"}".formatted(whole));
    NODE.post(
        "/v1/sessions/" + whole + "/messages",
        "{\"turn_id\":\"t1\",\"content\":\"ask the shop to refund X77\"}");
    decideUntilEnded(List.of(whole));
    String answer = turn(whole).path("answer").asText();
    assertThat(answer).isEqualTo("So: refund of X77 for 20.");

    List<SessionEvent> journal = journal(whole);
    assertThat(journal).hasSizeGreaterThanOrEqualTo(9);
    List<SessionEvent> asked = journal("sub-" + turnAsked(whole));
    List<SessionEvent> waiting = through(asked, SessionEvent.TurnSuspended.class);
    List<String> sessions = new ArrayList<>();
    for (int events = 2; events <= journal.size(); events++) {
      String session = "%s-%02d".formatted(whole, events);
      sessions.add(session);
      List<SessionEvent> before = journal.subList(0, events);
      if (types(before).contains(SessionEvent.CallPending.class)) {
        seed(
            json -> json.replace(whole, session).replace(turnAsked(whole), turnAsked(session)),
            "sub-" + turnAsked(session),
            types(before).contains(SessionEvent.CallTakenUp.class)
                ? through(asked, SessionEvent.TurnFinished.class)
                : waiting);
      }
      seed(json -> json.replace(whole, session), session, before);
    }
    String told = whole + "-told";
    sessions.add(told);
    seed(
        json -> json.replace(whole, told),
        told,
        through(journal, SessionEvent.TurnSuspended.class));
    seed(
        json -> json.replace(whole, told).replace(turnAsked(whole), turnAsked(told)),
        "sub-" + turnAsked(told),
        through(asked, SessionEvent.EndToTell.class));
    decideUntilEnded(sessions);

    assertThat(turn(told).path("answer").asText())
        .as("the other's node was lost when it had ended")
        .isEqualTo(answer);
    assertThat(calls("refund", "sub-" + turnAsked(told))).isEmpty();
    for (int events = 2; events <= journal.size(); events++) {
      String session = "%s-%02d".formatted(whole, events);
      boolean refunded = types(journal.subList(0, events)).contains(SessionEvent.CallTakenUp.class);
      assertThat(turn(session).path("answer").asText()).as(session).isEqualTo(answer);
      assertThat(calls("refund", "sub-" + turnAsked(session)))
          .as(session)
          .hasSize(refunded ? 0 : 1);
    }
  }

  @Test
  void shouldStopTheAgentThatItAskedWhenTheNodeIsLostThatWasToldTo() throws Exception {
    String whole = "crash-stops";
    String cut = whole + "-cut";
    NODE.post("/v1/sessions", "{\"agent\":\"front\",\"id\":\"%s\"}".formatted(whole));
    NODE.post(
        "/v1/sessions/" + whole + "/messages",
        "{\"turn_id\":\"t1\",\"content\":\"ask the shop to refund X77\"}");
    assertThat(turn(whole).path("status").asText()).isEqualTo("waiting");
    NODE.post("/v1/sessions/" + whole + "/stop", "{}");
    awaitLast(whole, SessionEvent.TimerDone.class);
    assertThat(turn("sub-" + turnAsked(whole)).path("status").asText()).isEqualTo("stopped");

    seed(
        json -> json.replace(whole, cut).replace(turnAsked(whole), turnAsked(cut)),
        "sub-" + turnAsked(cut),
        through(journal("sub-" + turnAsked(whole)), SessionEvent.TurnSuspended.class));
    seed(
        json -> json.replace(whole, cut),
        cut,
        through(journal(whole), SessionEvent.TurnFinished.class));
    awaitLast(cut, SessionEvent.TimerDone.class);
    assertThat(turn("sub-" + turnAsked(cut)).path("status").asText()).isEqualTo("stopped");
  }

  /** The turn of an agent that is not there any more fails while a call waits for its approval; an earlier version left the approval's timer behind. */
  @Test
  void shouldLeaveNoTimerOfATurnThatFailed() throws Exception {
    Instant at = Instant.now();
    List<SessionEvent> waiting = List.of(
        new SessionEvent.SessionOpened("gone", "local", at, Optional.empty()),
        new SessionEvent.TurnAccepted("t1", ContentPart.text("refund"), at),
        new SessionEvent.ApprovalRequested(
            "t1", 0, "k", "refund", "{}", "h", at.plusSeconds(3600), at));
    seed(json -> json, "crash-fails", waiting);
    seed(
        json -> json.replace(at.plusSeconds(3600).toString(), at.toString()),
        "crash-failed",
        Stream.concat(
                waiting.stream(),
                Stream.of(new SessionEvent.TurnFinished(
                    "t1", Turn.Status.FAILED, "Sorry.", List.of(), "not_found", at)))
            .toList());

    awaitLast("crash-fails", SessionEvent.TurnFinished.class);
    assertThat(turn("crash-fails").path("status").asText()).isEqualTo("failed");
    awaitLast("crash-failed", SessionEvent.CallDecided.class);
    for (String session : List.of("crash-fails", "crash-failed")) {
      await(session).atMost(LIMIT).until(() -> timers(session) == 0);
    }
  }

  private static int timers(String session) throws SQLException {
    try (var connection = NODE.node().database().dataSource().getConnection();
        var select = connection.prepareStatement(
            "SELECT COUNT(*) FROM due_timer WHERE persistence_id = ?")) {
      select.setString(1, Session.KIND + "|local/local/" + session);
      try (var rows = select.executeQuery()) {
        rows.next();
        return rows.getInt(1);
      }
    }
  }

  private static void awaitLast(String session, Class<? extends SessionEvent> type) {
    await(type + " of " + session)
        .atMost(LIMIT)
        .until(() -> type.isInstance(journal(session).getLast()));
  }

  /** A journal up to the first event of a type. */
  private static List<SessionEvent> through(
      List<SessionEvent> journal, Class<? extends SessionEvent> type) {
    assertThat(types(journal)).contains(type);
    return journal.subList(0, 1 + types(journal).indexOf(type));
  }

  /** The id of the turn that a session's first call asks another agent for. */
  private static String turnAsked(String session) {
    return Api.sha256("local/local/" + session + "/t1/call_0").substring(0, 40);
  }

  private static List<Class<?>> types(List<SessionEvent> events) {
    return events.stream().<Class<?>>map(SessionEvent::getClass).toList();
  }

  /** How often the model has to be asked by the sessions that began with a part of the journal. */
  private static int asked(List<SessionEvent> journal) {
    int asked = 0;
    for (int events = 2; events <= journal.size(); events++) {
      asked += 2
          - (int) journal.subList(0, events).stream()
              .filter(SessionEvent.ModelReplied.class::isInstance)
              .count();
    }
    return asked;
  }

  private static boolean has(
      List<SessionEvent> events, Class<? extends SessionEvent> type, String tool) {
    return events.stream()
        .filter(type::isInstance)
        .anyMatch(event -> Api.JSON.valueToTree(event).path("tool").asText().equals(tool));
  }

  private static List<String> calls(String tool, String session) {
    return ShopTools.keys(tool, "X77").stream()
        .filter(key -> key.contains("/" + session + "/"))
        .toList();
  }

  /** A person approves what asks for it, and has found out that what is unknown took place. */
  private static void decideUntilEnded(List<String> sessions) {
    await("every turn ends").atMost(LIMIT).pollInterval(Duration.ofMillis(200)).until(() -> {
      for (JsonNode item : NODE.get("/v1/inbox").json().path("data")) {
        boolean approval = item.path("kind").asText().equals("approval");
        NODE.post(
            "/v1/inbox/" + item.path("id").asText() + "/decision",
            "{\"decision\":\"%s\",\"hash\":\"%s\",\"text\":\"%s\"}"
                .formatted(
                    approval ? "approve" : "happened",
                    item.path("hash").asText(),
                    approval ? "" : item.path("tool").asText() + " of X77 for 0"));
      }
      for (String session : sessions) {
        if (!turn(session).path("status").asText().equals("completed")) {
          return false;
        }
      }
      return true;
    });
  }

  private static JsonNode turn(String session) throws IOException, InterruptedException {
    return NODE.get("/v1/sessions/" + session).json().path("turns").path(0);
  }

  private static List<SessionEvent> journal(String session) throws Exception {
    return Journals.read(NODE.node(), Session.KIND, "local/local/" + session, SessionEvent.class);
  }

  private static void seed(UnaryOperator<String> renamed, String session, List<SessionEvent> events)
      throws Exception {
    Journals.write(
        NODE.node(), Session.KIND, "local/local/" + session, SessionEvent.class, events, renamed);
  }
}
