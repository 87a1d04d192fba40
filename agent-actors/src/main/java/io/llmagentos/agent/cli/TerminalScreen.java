package io.llmagentos.agent.cli;

import java.io.IOException;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStyle;
import org.jspecify.annotations.Nullable;

/** A chat with a person: line editing and history; answers appear as they are written, notices above the prompt. */
final class TerminalScreen implements ChatScreen {
  private static final AttributedStyle DIM = AttributedStyle.DEFAULT.faint();
  private static final AttributedStyle LOUD =
      AttributedStyle.BOLD.foreground(AttributedStyle.YELLOW);

  private final Terminal terminal;
  private final LineReader reader;
  private final String prompt;

  TerminalScreen() throws IOException {
    terminal = TerminalBuilder.builder().system(true).nativeSignals(true).build();
    reader = LineReaderBuilder.builder()
        .terminal(terminal)
        .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
        .build();
    prompt = new AttributedString("> ", AttributedStyle.BOLD).toAnsi(terminal);
  }

  @Override
  public @Nullable String read() {
    while (true) {
      try {
        return reader.readLine(prompt);
      } catch (UserInterruptException interrupted) {
        aside("(/quit or Ctrl-D to leave)");
      } catch (EndOfFileException left) {
        return null;
      }
    }
  }

  @Override
  public void aside(String line) {
    styled(line, DIM);
  }

  @Override
  public void piece(String text) {
    terminal.writer().print(text);
    terminal.writer().flush();
  }

  @Override
  public void answered(Conversation.Outcome outcome) {
    terminal.writer().println();
    for (var call : outcome.toolCalls()) {
      aside("  " + call.path("name").asText() + " " + call.path("arguments").asText());
    }
    if (!outcome.status().equals("completed")) {
      aside("(" + outcome.end() + ")");
    }
    terminal.writer().flush();
  }

  @Override
  public void notice(Conversation.Notice notice) {
    styled(notice.text(), LOUD);
  }

  @Override
  public void onInterrupt(Runnable stop) {
    var unused = terminal.handle(Terminal.Signal.INT, signal -> stop.run());
  }

  @Override
  public void close() {
    try {
      terminal.close();
    } catch (IOException gone) {
      // nothing is left to restore
    }
  }

  /** Above the prompt if one is shown, else where the cursor is. */
  private void styled(String line, AttributedStyle style) {
    reader.printAbove(new AttributedString(line, style));
  }
}
