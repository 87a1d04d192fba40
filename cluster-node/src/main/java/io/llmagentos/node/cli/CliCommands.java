package io.llmagentos.node.cli;

import java.util.List;

/** What a subsystem adds to the command line; found by {@link java.util.ServiceLoader}. */
public interface CliCommands {
  /** Return fresh picocli command objects, each annotated with {@code @Command}. */
  List<Object> commands();
}
