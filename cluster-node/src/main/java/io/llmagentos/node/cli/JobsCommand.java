package io.llmagentos.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code agentos jobs}: the jobs of a running cluster; with an action, one of them is told something. */
@Command(
    name = "jobs",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    description = "List jobs, show one, pause, resume or cancel it, or delete one that has ended.")
final class JobsCommand implements Callable<Integer> {
  private static final List<String> HEADER =
      List.of("JOB", "NAME", "TYPE", "STATUS", "ITERATION", "REASON");

  /** What can be done with a job. */
  enum Action {
    LIST,
    SHOW,
    PAUSE,
    RESUME,
    CANCEL,
    DELETE;

    @Override
    public String toString() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "ACTION",
      description = "${COMPLETION-CANDIDATES}",
      defaultValue = "list")
  private Action action = Action.LIST;

  @Parameters(index = "1", arity = "0..1", paramLabel = "ID", description = "Which job.")
  private String id = "";

  @Option(names = "--port", description = "Base port of the cluster.")
  private int port = 8080;

  @Override
  public Integer call() {
    Doors doors = Doors.near(port, Duration.ofSeconds(5));
    if (action == Action.LIST) {
      list(doors.get("/v1/jobs"));
      return 0;
    }
    if (id.isEmpty()) {
      throw new io.llmagentos.node.error.AgentOsException(
          io.llmagentos.node.error.ErrorCode.INVALID_REQUEST,
          "agentos jobs " + action + " needs the ID of a job; agentos jobs lists them");
    }
    JsonNode job = switch (action) {
      case SHOW -> doors.get("/v1/jobs/" + id);
      case DELETE -> doors.delete("/v1/jobs/" + id);
      default -> doors.post("/v1/jobs/" + id + "/" + action, Map.of());
    };
    System.out.println(job.toPrettyString());
    return 0;
  }

  private static void list(JsonNode jobs) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(HEADER);
    for (JsonNode job : jobs.path("data")) {
      rows.add(List.of(
          job.path("id").asText(),
          job.path("name").asText(),
          job.path("type").asText(),
          job.path("status").asText(),
          job.path("iteration").asText(),
          job.path("reason").asText()));
    }
    StatusCommand.aligned(rows).forEach(System.out::println);
  }
}
