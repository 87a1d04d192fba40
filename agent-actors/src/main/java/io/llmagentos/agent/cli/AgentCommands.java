package io.llmagentos.agent.cli;

import io.llmagentos.node.cli.CliCommands;
import java.util.List;

/** Adds the commands of agents to {@code agentos}. */
public final class AgentCommands implements CliCommands {
  @Override
  public List<Object> commands() {
    return List.of(new ChatCommand(), new InboxCommand());
  }
}
