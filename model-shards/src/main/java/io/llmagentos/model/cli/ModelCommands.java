package io.llmagentos.model.cli;

import io.llmagentos.node.cli.CliCommands;
import java.util.List;

/** Adds the commands of models to {@code agentos}. */
public final class ModelCommands implements CliCommands {
  @Override
  public List<Object> commands() {
    return List.of(new TrainCommand());
  }
}
