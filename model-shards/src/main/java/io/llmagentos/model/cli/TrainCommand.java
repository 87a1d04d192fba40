package io.llmagentos.model.cli;

import picocli.CommandLine.Command;

/** {@code agentos train}: trainings whose settings come with the project. */
@Command(
    name = "train",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description =
        "Train with settings that come with the project; for any other training, agentos run FILE.",
    subcommands = {TrainToolsCommand.class, TrainNanoCommand.class})
final class TrainCommand {}
