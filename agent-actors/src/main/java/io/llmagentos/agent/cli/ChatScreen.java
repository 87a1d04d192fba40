package io.llmagentos.agent.cli;

import org.jspecify.annotations.Nullable;

/** Where a chat reads lines and shows what is said: a terminal, or pipes. Notices may come from any thread. */
interface ChatScreen extends AutoCloseable {
  /** The next line; null when the user has left. */
  @Nullable
  String read();

  /** A line about the chat itself, not part of it. */
  void aside(String line);

  /** A piece of the answer as it comes. */
  void piece(String text);

  /** The answer is complete. */
  void answered(Conversation.Outcome outcome);

  void notice(Conversation.Notice notice);

  /** What to do when the user interrupts a running turn. */
  void onInterrupt(Runnable stop);

  @Override
  void close();
}
