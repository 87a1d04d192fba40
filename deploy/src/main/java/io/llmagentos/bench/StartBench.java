package io.llmagentos.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** From starting {@code agentos up}, on an empty directory, to the first answered request of the assistant with its own model. */
@Command(
    name = "start",
    mixinStandardHelpOptions = true,
    description = "Start to first answered request.")
final class StartBench implements Callable<Integer> {
  @Option(names = "--rounds", description = "Whose median counts (default: ${DEFAULT-VALUE}).")
  private int rounds = 5;

  @Option(names = "--nodes", description = "Nodes of the cluster (default: ${DEFAULT-VALUE}).")
  private int nodes = 1;

  @Override
  public Integer call() throws IOException, InterruptedException {
    List<Double> doors = new ArrayList<>();
    List<Double> answers = new ArrayList<>();
    for (int round = 1; round <= rounds; round++) {
      double[] seconds = once();
      doors.add(seconds[0]);
      answers.add(seconds[1]);
      System.out.printf(
          "round %d: door open after %.1f s, first answer after %.1f s%n",
          round, seconds[0], seconds[1]);
    }
    System.out.printf(
        "median: door open after %.1f s, first answer after %.1f s (%d nodes)%n",
        median(doors), median(answers), nodes);
    return 0;
  }

  private double[] once() throws IOException, InterruptedException {
    long started = System.nanoTime();
    try (UpProcess up = UpProcess.start(nodes, Optional.empty())) {
      JsonNode session =
          up.untilAnswered(up.door(0).resolve("/v1/sessions"), "{\"agent\": \"assistant\"}");
      double opened = (System.nanoTime() - started) / 1e9;
      up.untilAnswered(
          up.door(0).resolve("/v1/sessions/" + session.path("id").asText() + "/messages"),
          "{\"content\": \"wake me up at nine am on friday\"}");
      return new double[] {opened, (System.nanoTime() - started) / 1e9};
    }
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().toList().get(values.size() / 2);
  }
}
