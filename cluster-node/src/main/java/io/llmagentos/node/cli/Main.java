package io.llmagentos.node.cli;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;

/** The command {@code agentos}: the kernel's subcommands and those that subsystems on the class path add. */
@Command(
    name = "agentos",
    description = "An operating system for language-model agents on the JVM.",
    synopsisSubcommandLabel = "COMMAND",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    footer = {"", "Start with:  agentos up   and then   agentos chat assistant"})
public final class Main {
  private static final int FAILURE = 1;

  private Main() {}

  public static void main(String[] args) {
    System.setProperty(
        "slf4j.internal.verbosity", "ERROR"); // its notes about start-up are no news to users
    System.exit(commandLine().execute(args));
  }

  /** The whole command line, to be executed any number of times. */
  public static CommandLine commandLine() {
    var line = new CommandLine(new Main())
        .addSubcommand(new UpCommand())
        .addSubcommand(new StatusCommand())
        .addSubcommand(new RunCommand())
        .addSubcommand(new JobsCommand())
        .addSubcommand(new NodeCommand())
        .addSubcommand(new DatabaseCommand())
        .addSubcommand(new MediaDriverCommand());
    line.setCaseInsensitiveEnumValuesAllowed(true);
    for (var contributed : ServiceLoader.load(CliCommands.class)) {
      contributed.commands().forEach(line::addSubcommand);
    }
    line.addSubcommand(new CommandLine.HelpCommand());
    line.setExecutionStrategy(parsed -> {
      if (!parsed.hasSubcommand()
          && !parsed.isUsageHelpRequested()
          && !parsed.isVersionHelpRequested()) {
        line.usage(line.getErr());
        return CommandLine.ExitCode.USAGE;
      }
      return new CommandLine.RunLast().execute(parsed);
    });
    return line.setExecutionExceptionHandler((failure, command, parsed) -> {
      command.getErr().println(command.getColorScheme().errorText("error: " + describe(failure)));
      if (System.getenv("AGENTOS_DEBUG") != null) {
        failure.printStackTrace(command.getErr());
      }
      return failure instanceof AgentOsException typed && typed.code() == ErrorCode.INVALID_REQUEST
          ? CommandLine.ExitCode.USAGE
          : FAILURE;
    });
  }

  private static String describe(Throwable failure) {
    if (failure instanceof AgentOsException typed) {
      return typed.code().id() + ": " + typed.getMessage();
    }
    var text = failure.getMessage();
    return "internal: " + failure.getClass().getSimpleName() + (text == null ? "" : ": " + text)
        + " (AGENTOS_DEBUG=1 shows where)";
  }

  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      @Nullable String version = Main.class.getPackage().getImplementationVersion();
      return new String[] {
        "agentos " + (version == null ? "(development)" : version),
        "JDK " + Runtime.version() + ", " + System.getProperty("os.name") + " "
            + System.getProperty("os.arch")
      };
    }
  }
}
