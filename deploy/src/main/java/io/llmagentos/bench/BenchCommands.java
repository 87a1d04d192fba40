package io.llmagentos.bench;

import io.llmagentos.node.cli.CliCommands;
import java.util.List;
import picocli.CommandLine.Command;

/** {@code agentos bench}. */
public final class BenchCommands implements CliCommands {
  @Override
  public List<Object> commands() {
    return List.of(new Bench());
  }

  @Command(
      name = "bench",
      mixinStandardHelpOptions = true,
      description = "Measure the platform on this machine.",
      subcommands = {
        StartBench.class,
        TurnsBench.class,
        WireBench.class,
        IdleBench.class,
        LoadBench.class,
        RlBench.class,
        RanksBench.class,
        RemoteBench.class
      })
  static final class Bench {}
}
