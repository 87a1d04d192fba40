package io.llmagentos.agent.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A chat between programs: lines in, each answer out once it is complete, everything else on the error stream. */
final class PipedScreen implements ChatScreen {
  private final BufferedReader in =
      new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
  private final PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
  private final PrintStream err = new PrintStream(System.err, true, StandardCharsets.UTF_8);

  @Override
  public @Nullable String read() {
    try {
      return in.readLine();
    } catch (IOException closed) {
      return null;
    }
  }

  @Override
  public void aside(String line) {
    err.println(line);
  }

  @Override
  public void piece(String text) {}

  @Override
  public void answered(Conversation.Outcome outcome) {
    out.println(outcome.answer());
    if (!outcome.status().equals("completed")) {
      err.println("(" + outcome.end() + ")");
    }
  }

  @Override
  public void notice(Conversation.Notice notice) {
    out.println("[" + notice.kind() + "] " + notice.text());
  }

  @Override
  public void onInterrupt(Runnable stop) {}

  @Override
  public void close() {
    out.flush();
    err.flush();
  }
}
