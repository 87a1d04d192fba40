package io.llmagentos.node.cli;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code agentos run FILE}: submit a job, watch it, keep what it leaves. */
@Command(
    name = "run",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    description =
        "Run a job on the cluster that is up, or on a node of its own for the time of the job.",
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {
      "0:completed",
      "1:failed or cancelled",
      "2:refused",
      "3:the cluster was lost; how the job ends is not known"
    })
final class RunCommand implements Callable<Integer> {
  private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

  @Parameters(paramLabel = "FILE", description = "The job, in YAML or JSON.")
  private Path file = Path.of("");

  @Option(
      names = "--seeds",
      paramLabel = "N",
      description = "Run it with the seeds 0 to N-1 and draw their spread.")
  private int seeds = 1;

  @Mixin
  private JobRun run = new JobRun();

  @Override
  public Integer call() throws Exception {
    return run.run(read(file), seeds);
  }

  private static ObjectNode read(Path file) {
    try {
      JsonNode root = YAML.readTree(Files.readAllBytes(file));
      if (root.isObject()) {
        return (ObjectNode) root;
      }
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST, file + " must be a mapping, with the key 'type'", "FILE");
    } catch (JsonProcessingException e) {
      JsonLocation at = e.getLocation();
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          file + " is not YAML"
              + (at == null ? "" : ", line " + at.getLineNr() + ", column " + at.getColumnNr())
              + ": "
              + e.getOriginalMessage()
                  .lines()
                  .limit(2)
                  .map(String::strip)
                  .collect(Collectors.joining(": ")),
          "FILE",
          e);
    } catch (NoSuchFileException e) {
      throw new AgentOsException(ErrorCode.INVALID_REQUEST, file + " does not exist", "FILE", e);
    } catch (IOException e) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST, file + " cannot be read: " + e.getMessage(), "FILE", e);
    }
  }
}
