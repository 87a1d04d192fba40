package io.llmagentos.agent.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmagentos.node.cli.Doors;
import io.llmagentos.node.cli.EventStream;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One session as a client sees it, through whichever door answers.
 *
 * <p>A turn's id is made here and sent with every repetition of it, so that a turn whose connection broke is asked for again
 * and the server returns what it recorded: a turn happens once, however often its connection breaks.
 */
final class Conversation {
  /** What happens while a turn runs. */
  interface TurnListener {
    /** The next piece of the answer; pieces do not overlap. */
    void text(String piece);

    /** The steps that the turn has laid out, each time that one of them stands differently. */
    default void plan(JsonNode steps) {}

    /** The connection to a door broke; the turn goes on through another one. */
    void reconnected(URI lost, URI door);
  }

  /** How a turn ended. {@code status}: {@code completed}, {@code failed}, {@code stopped} or {@code budget_exceeded}; or {@code waiting} for a person. {@code reason}: the limit that stopped it, else empty. */
  record Outcome(String status, String answer, JsonNode toolCalls, String reason) {
    /** For people: why it is not completed, unless the answer says so. */
    String end() {
      return reason.isEmpty() || reason.equals(answer) ? status : status + ": " + reason;
    }
  }

  /** Something the agent says on its own, such as an alarm that rings. */
  record Notice(String id, String kind, String text, String at) {}

  /** Breaks in a row without any progress after which a turn is given up. */
  private static final int MAX_BREAKS = 20;

  private static final Duration PAUSE = Duration.ofMillis(200);

  private final ObjectMapper json = new ObjectMapper();
  private final Doors doors;
  private final String session;
  private final boolean fresh;
  private volatile boolean closed;
  private volatile @Nullable EventStream notices;

  private Conversation(Doors doors, String session, boolean fresh) {
    this.doors = doors;
    this.session = session;
    this.fresh = fresh;
  }

  static Conversation open(Doors doors, String agent, @Nullable String user) {
    var body = new HashMap<String, String>();
    body.put("agent", agent);
    if (user != null) {
      body.put("user", user);
    }
    return new Conversation(doors, doors.post("/v1/sessions", body).path("id").asText(), true);
  }

  /** Go on with a session that exists; {@code not_found} if it does not. */
  static Conversation resume(Doors doors, String session) {
    var unused = doors.get("/v1/sessions/" + session);
    return new Conversation(doors, session, false);
  }

  String session() {
    return session;
  }

  /** Say something and wait until the turn has ended. */
  Outcome say(String text, TurnListener listener) {
    var turn = Map.of("turn_id", UUID.randomUUID().toString(), "content", text, "stream", true);
    var answer = new StringBuilder();
    @Nullable URI lost = null;
    for (int breaks = 0; breaks < MAX_BREAKS; breaks++) {
      var stream = doors.stream("POST", path("/messages"), turn, Map.of());
      if (lost != null) {
        listener.reconnected(lost, stream.door());
      }
      int before = answer.length();
      try (stream) {
        for (var event = stream.next(); event != null; event = stream.next()) {
          var data = json.readTree(event.data());
          switch (event.name()) {
            case "turn.delta" ->
              append(answer, data.path("offset").asInt(), data.path("text").asText(), listener);
            case "turn.reset" -> {
              answer.setLength(0);
              listener.text("\n"); // another answer follows, from its beginning
            }
            case "turn.plan" -> listener.plan(data.path("plan"));
            case "turn.finished", "turn.waiting" -> {
              return finished(data, answer, listener);
            }
            default -> {
              // turn.accepted, and kinds of events that are newer than this client
            }
          }
        }
      } catch (IOException broken) {
        // the same as a stream that ends early
      }
      if (answer.length() > before) {
        breaks = 0;
      }
      lost = stream.door();
      doors.broken(lost);
      pause();
    }
    throw new AgentOsException(
        ErrorCode.UNAVAILABLE,
        "the turn's connection broke " + MAX_BREAKS + " times without progress; session "
            + session);
  }

  /** Pieces carry their offset in the answer: after a reconnect they start over, and what is known is left out. */
  private static void append(
      StringBuilder answer, int offset, String piece, TurnListener listener) {
    int known = answer.length() - offset;
    if (known < 0 || known >= piece.length()) {
      return;
    }
    var fresh = piece.substring(known);
    answer.append(fresh);
    listener.text(fresh);
  }

  private static Outcome finished(JsonNode data, StringBuilder answer, TurnListener listener) {
    var whole = data.path("answer").asText();
    if (whole.startsWith(answer.toString())) {
      append(answer, 0, whole, listener);
    } else {
      listener.text("\n" + whole); // the server settled on another answer than it had begun
    }
    return new Outcome(
        data.path("status").asText(),
        whole,
        data.path("tool_calls"),
        data.path("budget_exceeded").path("message").asText());
  }

  /** Ask for the running turn to stop; the turn itself reports its end. */
  void stop() {
    var unused = doors.post("/v1/sessions/" + session + "/stop", Map.of());
  }

  /** Report notices, each once, until {@link #close}. Blocks; reconnects where the last event left off. */
  void listen(Consumer<Notice> listener) {
    var seen = new HashSet<String>();
    String last = fresh ? "0" : "";
    while (!closed) {
      try (var stream = doors.stream(
          "GET",
          path("/events"),
          null,
          last.isEmpty() ? Map.of() : Map.of("Last-Event-ID", last))) {
        notices = stream;
        last = read(stream, last, seen, listener);
        if (!closed) {
          doors.broken(stream.door());
        }
      } catch (IOException | AgentOsException unavailable) {
        // try again: notices are worth waiting for as long as the chat is open
      }
      pause();
    }
  }

  private String read(
      EventStream stream, String from, Set<String> seen, Consumer<Notice> listener) {
    String last = from;
    try {
      for (var event = stream.next(); event != null && !closed; event = stream.next()) {
        if (!event.id().isEmpty()) {
          last = event.id();
        }
        if (event.name().equals("notice")) {
          var data = json.readTree(event.data());
          var notice = new Notice(
              data.path("id").asText(event.id()),
              data.path("kind").asText(),
              data.path("text").asText(),
              data.path("at").asText());
          if (seen.add(notice.id())) {
            listener.accept(notice);
          }
        }
      }
    } catch (IOException broken) {
      // the caller connects again
    }
    return last;
  }

  void close() {
    closed = true;
    var open = notices;
    if (open != null) {
      try {
        open.close();
      } catch (IOException gone) {
        // closed is closed
      }
    }
  }

  private String path(String end) {
    return "/v1/sessions/" + session + end;
  }

  private static void pause() {
    try {
      Thread.sleep(PAUSE);
    } catch (InterruptedException ended) {
      Thread.currentThread().interrupt();
    }
  }
}
