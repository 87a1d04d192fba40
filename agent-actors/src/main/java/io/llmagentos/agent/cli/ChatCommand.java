package io.llmagentos.agent.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.node.cli.Doors;
import io.llmagentos.node.error.AgentOsException;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code agentos chat}: talk to an agent. */
@Command(
    name = "chat",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    description = "Talk to an agent. In a pipe: one line in, one answer out.")
final class ChatCommand implements Callable<Integer> {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String HELP = """
      /help   this text
      /quit   leave; the session stays, resume it with --session
      Ctrl-C  stop the answer that is being written""";

  @Parameters(index = "0", arity = "0..1", paramLabel = "AGENT", description = "Which agent.")
  private String agent = "assistant";

  @Option(names = "--session", paramLabel = "ID", description = "Go on with this session.")
  private @Nullable String session;

  @Option(names = "--port", description = "Base port of the cluster.")
  private int port = 8080;

  @Option(
      names = "--user",
      description = "Name to talk under, where the cluster lets a local client choose.")
  private @Nullable String user;

  @Override
  public Integer call() throws IOException {
    var doors = Doors.near(port, PATIENCE);
    var conversation = session == null
        ? Conversation.open(doors, agent, user)
        : Conversation.resume(doors, session);
    try (ChatScreen screen = interactive() ? new TerminalScreen() : new PipedScreen()) {
      screen.aside(
          "session " + conversation.session() + " with " + agent + " through " + doors.first()
              + "; resume it with: agentos chat " + agent + " --session " + conversation.session()
              + (port == 8080 ? "" : " --port " + port));
      Thread.ofVirtual().name("notices").start(() -> conversation.listen(screen::notice));
      screen.onInterrupt(
          () -> Thread.ofVirtual().name("stop-turn").start(() -> stop(conversation, screen)));
      boolean fine = talk(conversation, screen);
      conversation.close();
      return fine ? 0 : 1;
    }
  }

  /** Returns whether every turn got an answer. */
  private static boolean talk(Conversation conversation, ChatScreen screen) {
    boolean fine = true;
    for (var line = screen.read(); line != null; line = screen.read()) {
      switch (line.strip()) {
        case "" -> {}
        case "/quit", "/exit" -> {
          return fine;
        }
        case "/help" -> HELP.lines().forEach(screen::aside);
        default -> fine &= turn(conversation, screen, line.strip());
      }
    }
    return fine;
  }

  private static boolean turn(Conversation conversation, ChatScreen screen, String text) {
    try {
      var outcome = conversation.say(text, new Conversation.TurnListener() {
        private String plan = "";

        @Override
        public void text(String piece) {
          screen.piece(piece);
        }

        @Override
        public void plan(JsonNode steps) {
          String told = StreamSupport.stream(steps.spliterator(), false)
              .map(
                  step -> step.path("tool").asText() + " " + step.path("status").asText())
              .collect(Collectors.joining(", ", "plan: ", ""));
          if (!told.equals(plan)) {
            plan = told;
            screen.aside(told);
          }
        }

        @Override
        public void reconnected(URI lost, URI door) {
          screen.aside("(" + lost + " is gone; going on through " + door + ")");
        }
      });
      screen.answered(outcome);
      return !outcome.status().equals("failed");
    } catch (AgentOsException refused) {
      screen.aside("error: " + refused.code().id() + ": " + refused.getMessage());
      return false;
    }
  }

  private static void stop(Conversation conversation, ChatScreen screen) {
    try {
      conversation.stop();
    } catch (AgentOsException refused) {
      screen.aside("could not stop the turn: " + refused.getMessage());
    }
  }

  /** Whether a person sits at both ends; since JDK 25 there is no console at all where streams are redirected. */
  @SuppressWarnings("SystemConsoleNull")
  private static boolean interactive() {
    var console = System.console();
    return console != null && console.isTerminal();
  }
}
