package io.llmagentos.node.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.typesafe.config.ConfigFactory;
import io.llmagentos.node.boot.SoloNode;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.job.JobSpec;
import io.llmagentos.node.report.LearningCurve;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Runs a job from the command line, on the cluster that is up or on a node of its own, and shows how it goes: the options and the work of commands that do so. */
public final class JobRun {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int FAILED = 1;
  private static final int LOST = 3;

  @Option(names = "--port", description = "Base port of the cluster.")
  private int port = 8080;

  @Option(
      names = "--id",
      paramLabel = "ID",
      description = "The job's id; with the id of a job that is there, watch that one.")
  private @Nullable String id;

  @Option(
      names = "--output",
      paramLabel = "DIR",
      description = "Where progress.jsonl, TensorBoard events, curve.png and the checkpoint go.")
  private Path output = Path.of("runs");

  @Option(names = "--detach", description = "Submit and return.")
  private boolean detach;

  /** Whether it returns before the job has ended. */
  public boolean detached() {
    return detach;
  }

  /**
   * Submits the job, waits for its end unless it is to be detached, and keeps what it leaves.
   *
   * @param seeds how often it runs, with the seeds from 0 on; 1: once, with its own
   * @return the exit code: 0 completed, 1 failed or cancelled, 3 the cluster was lost
   * @throws AgentOsException {@code INVALID_REQUEST} where it is refused
   */
  public int run(ObjectNode job, int seeds) throws Exception {
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
    boolean up = isUp();
    if (up && System.getenv("AGENTOS_LOG_LEVEL") == null) {
      System.setProperty("AGENTOS_LOG_LEVEL", "WARN"); // a client's terminal is the user's
    }
    try (SoloNode solo = up ? null : SoloNode.start(ConfigFactory.empty())) {
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
        int code = watch(doors, ids, name);
        if (solo != null && code != 0) {
          Path log = output.resolve(name).resolve("node.log");
          Files.copy(solo.log(), log, StandardCopyOption.REPLACE_EXISTING);
          System.err.println("the node's log: " + log);
        }
        return code;
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
}
