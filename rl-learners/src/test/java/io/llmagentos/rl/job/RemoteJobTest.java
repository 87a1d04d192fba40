package io.llmagentos.rl.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmagentos.node.job.JobKey;
import io.llmagentos.node.job.ProgressLine;
import io.llmagentos.rl.env.remote.Python;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Jobs whose environments live in Python processes, which the test kills and stops. An episode of theirs ends by itself only after millions of steps: those that
 * a job counts were cut because their process was given up.
 */
class RemoteJobTest {
  private static final Duration LIMIT = Duration.ofSeconds(90);
  private static final int ENVIRONMENTS_OF_A_PROCESS = 2;

  /** Seconds after which a process that is stopped is given up. */
  private static final int HANGS = 5;

  private static final String EPISODES = "env_runners/num_episodes_lifetime";

  /** Tells a job's processes from other ones. */
  private static final AtomicInteger STEPS = new AtomicInteger(5_000_000);

  private static @Nullable TestNode started;

  @BeforeAll
  static void start() throws IOException {
    started = new TestNode(
        Files.createTempDirectory(Files.createDirectories(Path.of("target/nodes")), "node"));
  }

  @AfterAll
  static void stop() {
    node().close();
  }

  @ParameterizedTest
  @CsvSource({"KILL, 2, 2", "KILL, 0, 2", "STOP, 2, 1"})
  void shouldGoOnInNewProcesses(String signal, int runners, int times) throws Exception {
    int processes = Math.max(1, runners);
    int episodes = ENVIRONMENTS_OF_A_PROCESS * processes;
    String mark = mark();
    String id = node()
        .submit(job(
            mark, runners, signal.equals("STOP") ? HANGS : 60, Map.of(EPISODES, episodes * times)));
    for (int time = 0; time < times; time++) {
      awaitEpisodes(id, episodes * time);
      List<ProcessHandle> present = processes(mark, processes);
      for (ProcessHandle python : present) {
        send(signal, python);
      }
      for (ProcessHandle python : present) {
        python.onExit().orTimeout(LIMIT.toSeconds(), TimeUnit.SECONDS).join();
      }
    }
    JsonNode job = node().await(id, "completed");
    assertThat(job.path("epoch").asInt()).as("nothing but processes was lost").isEqualTo(1);
    processes(mark, 0);
  }

  @Test
  void shouldEndAnEnvironmentThatHangsWithItsJob() throws Exception {
    String mark = mark();
    String id = node().submit(job(mark, 2, HANGS, Map.of("training_iteration", 1_000_000)));
    awaitEpisodes(id, 0);
    for (ProcessHandle python : processes(mark, 2)) {
      send("STOP", python);
    }
    assertThat(node().post("/v1/jobs/" + id + "/cancel", Map.of()).status()).isEqualTo(200);
    assertThat(node().job(id).path("status").asText()).isEqualTo("cancelled");
    processes(mark, 0);
  }

  /** Awaits an iteration by whose end so many episodes were cut, and new ones began. */
  private static void awaitEpisodes(String id, int episodes) {
    AtomicLong after = new AtomicLong();
    await(episodes + " episodes")
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(50))
        .until(() -> {
          List<ProgressLine> lines = node()
              .jobs()
              .describe(new JobKey("local", id), after.get())
              .toCompletableFuture()
              .join()
              .lines();
          if (lines.isEmpty()) {
            return false;
          }
          after.set(lines.getLast().iteration());
          JsonNode metrics = new ObjectMapper().readTree(lines.getLast().metrics());
          return metrics.path(EPISODES).asInt() >= episodes;
        });
  }

  private static Map<String, Object> job(
      String mark, int runners, int seconds, Map<String, Object> stop) {
    return Map.of(
        "type",
        "rl/ppo",
        "env",
        "Remote-v0",
        "env_config",
        Map.of("command", Python.command("Counter", mark), "step_timeout", seconds),
        "num_env_runners",
        runners,
        "num_envs_per_env_runner",
        ENVIRONMENTS_OF_A_PROCESS,
        "train_batch_size_per_learner",
        64,
        "minibatch_size",
        64,
        "num_epochs",
        1,
        "stop",
        stop);
  }

  private static String mark() {
    return "{\"steps\": " + STEPS.incrementAndGet() + "}";
  }

  /** The processes with the mark, once there are so many. */
  private static List<ProcessHandle> processes(String mark, int count) {
    return await(count + " processes with " + mark)
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(50))
        .until(
            () -> ProcessHandle.current()
                .children()
                .filter(child -> child.info().commandLine().orElse("").contains(mark))
                .toList(),
            found -> found.size() == count);
  }

  private static void send(String signal, ProcessHandle to) throws Exception {
    Process kill = new ProcessBuilder("kill", "-" + signal, Long.toString(to.pid()))
        .inheritIO()
        .start();
    assertThat(kill.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(kill.exitValue()).isZero();
  }

  private static TestNode node() {
    return Objects.requireNonNull(started);
  }
}
