package io.llmagentos.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.StreamSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code agentos status}: the members of the cluster as one of its doors sees them. */
@Command(
    name = "status",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    description = "Show the nodes of a running cluster.")
final class StatusCommand implements Callable<Integer> {
  private static final List<String> HEADER =
      List.of("DOOR", "STATE", "ROLES", "PID", "UPTIME", "CORES", "HEAP", "SESSIONS", "AGENTS");

  @Option(names = "--port", description = "Base port of the cluster.")
  private int port = 8080;

  @Override
  public Integer call() {
    var doors = Doors.near(port, Duration.ofSeconds(3));
    var cluster = doors.get("/v1/cluster");
    table(cluster).forEach(System.out::println);
    for (var member : cluster.path("members")) {
      for (var hosted : member.path("members")) {
        System.out.println(member.path("door").asText() + " hosts " + hosted.asText());
      }
    }
    System.out.println("journal: " + cluster.path("journal").asText("unknown"));
    return 0;
  }

  static List<String> table(JsonNode cluster) {
    var rows = new ArrayList<List<String>>();
    rows.add(HEADER);
    for (var member : cluster.path("members")) {
      rows.add(List.of(
          member.path("door").asText("-"),
          member.path("status").asText("-")
              + (member.path("oldest").asBoolean() ? " (oldest)" : ""),
          String.join(
              ",",
              StreamSupport.stream(member.path("roles").spliterator(), false)
                  .map(JsonNode::asText)
                  .toList()),
          member.path("pid").asText("-"),
          uptime(member.path("uptime_s").asLong()),
          member.path("cores").asText("-"),
          member.path("heap_mb").asText("-") + " MB",
          member.path("entities").path("session").asText("0"),
          member.path("entities").path("agent").asText("0")));
    }
    return aligned(rows);
  }

  static List<String> aligned(List<List<String>> rows) {
    var widths = new int[rows.getFirst().size()];
    for (var row : rows) {
      for (int column = 0; column < widths.length; column++) {
        widths[column] = Math.max(widths[column], row.get(column).length());
      }
    }
    return rows.stream()
        .map(row -> {
          var line = new StringBuilder();
          for (int column = 0; column < widths.length; column++) {
            line.append(row.get(column))
                .repeat(" ", widths[column] - row.get(column).length() + 2);
          }
          return line.toString().stripTrailing();
        })
        .toList();
  }

  static String uptime(long seconds) {
    var time = Duration.ofSeconds(seconds);
    if (time.toDays() > 0) {
      return time.toDays() + "d " + time.toHoursPart() + "h";
    }
    if (time.toHours() > 0) {
      return time.toHours() + "h " + time.toMinutesPart() + "m";
    }
    return time.toMinutes() > 0
        ? time.toMinutes() + "m " + time.toSecondsPart() + "s"
        : seconds + "s";
  }
}
