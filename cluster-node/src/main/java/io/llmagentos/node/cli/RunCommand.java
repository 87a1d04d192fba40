package io.llmagentos.node.cli;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.typesafe.config.ConfigFactory;
import io.llmagentos.node.boot.SoloNode;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.job.JobSpec;
import io.llmagentos.node.report.LearningCurve;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
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
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int FAILED = 1;
  private static final int LOST = 3;

  @Parameters(paramLabel = "FILE", description = "The job, in YAML or JSON.")
  private Path file = Path.of("");

  @Option(names = "--port", description = "Base port of the cluster.")
  private int port = 8080;

  @Option(
      names = "--id",
      paramLabel = "ID",
      description = "The job's id; with the id of a job that is there, watch that one.")
  private @Nullable String id;

  @Option(
      names = "--seeds",
      paramLabel = "N",
      description = "Run it with the seeds 0 to N-1 and draw their spread.")
  private int seeds = 1;

  @Option(
      names = "--output",
      paramLabel = "DIR",
      description = "Where progress.jsonl, TensorBoard events, curve.png and the checkpoint go.")
  private Path output = Path.of("runs");

  @Option(names = "--detach", description = "Submit and return.")
  private boolean detach;

  @Override
  public Integer call() throws Exception {
    ObjectNode job = read(file);
    JobSpec.of(job);
    if (port < 1 || port > 65_535) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST, "--port must be 1 to 65535, is " + port, "--port");
    }
    if (seeds < 1 || seeds > 100) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST, "--seeds must be 1 to 100, is " + seeds, "--seeds");
    }
    String name = id == null ? "run-" + UUID.randomUUID().toString().substring(0, 8) : id;
    try (SoloNode solo = isUp() ? null : SoloNode.start(ConfigFactory.empty())) {
      Doors doors = Doors.near(solo == null ? port : solo.port(), PATIENCE);
      List<String> ids = new ArrayList<>();
      for (int seed = 0; seed < seeds; seed++) {
        ObjectNode one = job.deepCopy();
        if (seeds > 1) {
          one.put("seed", seed);
        }
        ids.add(seeds > 1 ? name + "-seed" + seed : name);
        one.put("id", ids.getLast());
        doors.post("/v1/jobs", one);
      }
      if (detach && solo == null) {
        ids.forEach(each -> System.out.println("submitted " + each));
        return 0;
      }
      Thread farewell = new Thread(() -> System.err.println(
          solo == null
              ? "stopped watching: " + String.join(", ", ids)
                  + " goes on; watch with agentos run and --id, end with agentos jobs"
              : "interrupted: " + String.join(", ", ids) + " ended with its node"));
      Runtime.getRuntime().addShutdownHook(farewell);
      try {
        return watch(doors, ids, name);
      } finally {
        forget(farewell);
      }
    }
  }

  private static void forget(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException interrupted) {
      // it speaks
    }
  }

  private int watch(Doors doors, List<String> ids, String name) throws Exception {
    List<RunWatch> watches = new ArrayList<>();
    int code = 0;
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<String>> ends = new ArrayList<>();
      for (String each : ids) {
        RunWatch watch = new RunWatch(
            doors,
            each,
            ids.size() == 1 ? output.resolve(name) : output.resolve(name).resolve(each));
        watches.add(watch);
        ends.add(threads.submit(watch));
      }
      for (Future<String> end : ends) {
        code = Math.max(code, codeOf(end));
      }
    }
    Path curve = output.resolve(name).resolve("curve.png");
    RunWatch first = watches.getFirst();
    Files.write(
        curve,
        LearningCurve.png(
            first.title(),
            first.xName(),
            first.yName(),
            watches.stream().map(RunWatch::curve).toList()));
    System.out.println(
        String.format(Locale.ROOT, "curve, progress and checkpoint: %s", output.resolve(name)));
    return code;
  }

  private static int codeOf(Future<String> end) throws Exception {
    try {
      return end.get().equals("completed") ? 0 : FAILED;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof AgentOsException lost && lost.code() == ErrorCode.UNAVAILABLE) {
        System.err.println("error: " + lost.code().id() + ": " + lost.getMessage());
        return LOST;
      }
      if (e.getCause() instanceof Exception cause) {
        throw cause;
      }
      throw e;
    }
  }

  private boolean isUp() {
    try {
      Doors.near(port, Duration.ofMillis(300)).get("/v1/cluster");
      return true;
    } catch (AgentOsException nobody) {
      return false;
    }
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
