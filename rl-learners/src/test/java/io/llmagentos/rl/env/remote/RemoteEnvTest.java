package io.llmagentos.rl.env.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.rl.env.AutoresetMode;
import io.llmagentos.rl.env.Env;
import io.llmagentos.rl.env.EnvChecker;
import io.llmagentos.rl.env.Step;
import io.llmagentos.rl.env.VectorEnv;
import io.llmagentos.rl.env.VectorStep;
import io.llmagentos.rl.env.classic.CartPole;
import io.llmagentos.rl.env.registration.EnvRegistry;
import io.llmagentos.rl.random.Generator;
import io.llmagentos.rl.space.Space;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against real Python processes. */
@Timeout(120)
class RemoteEnvTest {
  private static final EnvRegistry REGISTRY = EnvRegistry.load();

  @TempDir
  private Path directory;

  private static VectorEnv vector(int size, AutoresetMode mode, Map<String, ?> kwargs) {
    return REGISTRY.makeVec("Remote-v0", size, mode, kwargs);
  }

  @SuppressWarnings("unchecked")
  private static <O, A> Env<O, A> one(Map<String, ?> kwargs) {
    return (Env<O, A>) REGISTRY.make("Remote-v0", kwargs);
  }

  private static Map<String, Object> command(String world, String kwargs) {
    return Map.of("command", Python.command(world, kwargs));
  }

  private static Map<String, Object> command(
      String world, String kwargs, String option, Object value) {
    return Map.of("command", Python.command(world, kwargs), option, value);
  }

  /** Plays N environments with autoreset and compares every number with this module's CartPole. */
  private static void playCartPole(VectorEnv envs, int steps, int limit) {
    int size = envs.size();
    CartPole reference = new CartPole(false);
    VectorStep step = envs.newStep();
    envs.reset(3, step);
    double[][] states = new double[size][];
    int[] taken = new int[size];
    for (int i = 0; i < size; i++) {
      states[i] = state(step.observations(), i);
    }
    Generator random = Generator.of(5);
    float[] actions = new float[size];
    float[] expected = new float[4];
    int terminated = 0;
    int truncated = 0;
    for (int t = 0; t < steps; t++) {
      for (int i = 0; i < size; i++) {
        actions[i] = random.integers(2);
      }
      envs.step(actions, step);
      for (int i = 0; i < size; i++) {
        reference.state(states[i]);
        Step<float[]> now = reference.step((int) actions[i]);
        states[i] = reference.state();
        taken[i]++;
        reference.observe(expected, 0);
        float[] seen = step.done(i) ? step.finalObservations() : step.observations();
        for (int k = 0; k < 4; k++) {
          assertThat(seen[i * 4 + k]).isCloseTo(expected[k], within(1e-6f));
        }
        assertThat(step.rewards()[i]).isEqualTo(1);
        assertThat(step.terminated()[i]).isEqualTo(now.terminated());
        assertThat(step.truncated()[i]).isEqualTo(taken[i] == limit);
        if (step.done(i)) {
          terminated += step.terminated()[i] ? 1 : 0;
          truncated += step.truncated()[i] ? 1 : 0;
          states[i] = state(step.observations(), i);
          assertThat(Arrays.stream(states[i]).map(Math::abs).max().orElseThrow())
              .isLessThan(0.05);
          taken[i] = 0;
        }
      }
    }
    assertThat(terminated).isPositive();
    assertThat(truncated).isPositive();
  }

  private static double[] state(float[] observations, int i) {
    double[] state = new double[4];
    Arrays.setAll(state, k -> observations[i * 4 + k]);
    return state;
  }

  @Test
  void shouldStepManyEnvironmentsOfAChildProcessAsGymnasiumDoes() {
    try (VectorEnv envs =
        vector(8, AutoresetMode.SAME_STEP, command("CartPole", "{\"steps\": 25}"))) {
      playCartPole(envs, 200, 25);
    }
  }

  @Test
  void shouldGiveTheSameEpisodesForTheSameSeed() {
    float[][] seen = new float[2][];
    for (int round = 0; round < 2; round++) {
      try (VectorEnv envs = vector(3, AutoresetMode.NEXT_STEP, command("CartPole", "{}"))) {
        VectorStep step = envs.newStep();
        envs.reset(new long[] {1, -2, 3}, step);
        for (int t = 0; t < 50; t++) {
          envs.step(new float[] {1, t % 2, 0}, step);
        }
        seen[round] = step.observations();
      }
    }
    assertThat(seen[0]).isEqualTo(seen[1]);
  }

  @Test
  void shouldPassTheChecker() {
    EnvChecker.check("Remote-v0", () -> one(command("CartPole", "{}")));
  }

  @Test
  void shouldTakeAllStepsInOneProcessAndEndIt() {
    ProcessHandle python;
    try (VectorEnv envs = vector(4, AutoresetMode.SAME_STEP, command("Counter", "{}"))) {
      VectorStep step = envs.newStep();
      envs.reset(0, step);
      float pid = step.observations()[1];
      envs.step(new float[] {0, 1, 2, 0}, step);
      assertThat(step.observations()).containsExactly(1, pid, 1, pid, 1, pid, 1, pid);
      assertThat(step.rewards()).containsExactly(0, 1, 2, 0);
      python = ProcessHandle.of((long) pid).orElseThrow();
      assertThat(python.isAlive()).isTrue();
    }
    python.onExit().orTimeout(30, TimeUnit.SECONDS).join();
  }

  @Test
  void shouldServeAtAUnixSocketThatOnlyItsOwnerCanUse() throws Exception {
    Path socket = directory.resolve("env.sock");
    String address = "unix:" + socket;
    Process server = Python.start("CartPole", "{\"steps\": 25}", "--listen", address);
    try {
      for (int round = 0; round < 2; round++) {
        try (VectorEnv envs = vector(4, AutoresetMode.SAME_STEP, Map.of("connect", address))) {
          assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
              .isEqualTo("rw-------");
          playCartPole(envs, 120, 25);
        }
      }
    } finally {
      server.destroy();
      server.onExit().orTimeout(30, TimeUnit.SECONDS).join();
    }
  }

  @Test
  void shouldServeOverTcpWithAToken() throws Exception {
    String token = token("correct horse battery staple");
    String address = "tcp:" + freePort();
    Process server =
        Python.start("CartPole", "{\"steps\": 25}", "--listen", address, "--token-file", token);
    try (VectorEnv envs =
        vector(4, AutoresetMode.SAME_STEP, Map.of("connect", address, "token_file", token))) {
      playCartPole(envs, 120, 25);
      assertThatThrownBy(
              () -> one(Map.of("connect", address, "token_file", token("incorrect horse battery"))))
          .isInstanceOfSatisfying(AgentOsException.class, RemoteEnvTest::isEnvironmentFailed)
          .hasMessageContaining("wrong token")
          .hasMessageContaining(address);
    } finally {
      server.destroyForcibly();
    }
  }

  @ParameterizedTest
  @CsvSource({"unix", "tcp"})
  void shouldBeConnectedTo(String transport) throws Exception {
    String address =
        transport.equals("unix") ? "unix:" + directory.resolve("s") : "tcp:" + freePort();
    String token = token("correct horse battery staple");
    Process script =
        Python.start("CartPole", "{\"steps\": 25}", "--connect", address, "--token-file", token);
    try (VectorEnv envs =
        vector(4, AutoresetMode.SAME_STEP, Map.of("listen", address, "token_file", token))) {
      playCartPole(envs, 120, 25);
    } finally {
      script.onExit().orTimeout(30, TimeUnit.SECONDS).join();
    }
    assertThat(script.exitValue()).isZero();
    assertThat(directory.resolve("s")).doesNotExist();
  }

  @Test
  void shouldSendAwayWhoDoesNotKnowTheToken() throws Exception {
    String address = "tcp:" + freePort();
    Process script = Python.start(
        "CartPole", "{}", "--connect", address, "--token-file", token("incorrect horse battery"));
    assertThatThrownBy(() -> one(Map.of(
            "listen",
            address,
            "token_file",
            token("correct horse battery staple"),
            "connect_timeout",
            15)))
        .isInstanceOfSatisfying(AgentOsException.class, RemoteEnvTest::isEnvironmentFailed)
        .hasMessageContaining("nobody connected to tcp:127.0.0.1")
        .hasMessageContaining("wrong token");
    script.onExit().orTimeout(30, TimeUnit.SECONDS).join();
    assertThat(script.exitValue()).isEqualTo(1);
  }

  private String token(String token) throws IOException {
    Path file = Files.createTempFile(
        directory,
        "token",
        "",
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(file, token + "\n");
    return file.toString();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static void isEnvironmentFailed(AgentOsException e) {
    assertThat(e.code()).isEqualTo(ErrorCode.ENVIRONMENT_FAILED);
  }

  @Test
  void shouldTruncateAndGoOnInANewProcessAfterKill9() {
    try (VectorEnv envs = vector(3, AutoresetMode.SAME_STEP, command("Counter", "{}"))) {
      VectorStep step = envs.newStep();
      envs.reset(0, step);
      float[] actions = {1, 1, 1};
      envs.step(actions, step);
      float pid = step.observations()[1];
      ProcessHandle python = ProcessHandle.of((long) pid).orElseThrow();
      python.destroyForcibly();
      python.onExit().orTimeout(30, TimeUnit.SECONDS).join();
      envs.step(actions, step);
      assertThat(step.truncated()).containsExactly(true, true, true);
      assertThat(step.terminated()).containsExactly(false, false, false);
      assertThat(step.finalObservations()).containsExactly(1, pid, 1, pid, 1, pid);
      assertThat(envs.finalInfo(2)).containsKey("remote_restart");
      float second = step.observations()[1];
      assertThat(second).isNotEqualTo(pid);
      assertThat(step.observations()).containsExactly(0, second, 0, second, 0, second);
      envs.step(actions, step);
      assertThat(step.observations()).containsExactly(1, second, 1, second, 1, second);
      assertThat(step.truncated()).containsExactly(false, false, false);
    }
  }

  @Test
  void shouldRestartWhatSleepsLongerThanItsLimit() {
    try (VectorEnv envs = vector(
        2,
        AutoresetMode.SAME_STEP,
        command("Counter", "{\"at\": 3, \"then\": \"sleep\"}", "step_timeout", 0.5))) {
      VectorStep step = envs.newStep();
      envs.reset(0, step);
      float[] actions = {1, 1};
      envs.step(actions, step);
      envs.step(actions, step);
      float pid = step.observations()[1];
      ProcessHandle python = ProcessHandle.of((long) pid).orElseThrow();
      envs.step(actions, step);
      assertThat(step.truncated()).containsExactly(true, true);
      assertThat(envs.finalInfo(0).get("remote_restart"))
          .asString()
          .contains("gave no STEPPED within its time limit");
      assertThat(step.observations()[1]).isNotEqualTo(pid);
      assertThat(python.isAlive()).isFalse();
    }
  }

  @Test
  void shouldConnectAgainToAServerWhoseStepHangs() throws Exception {
    String address = "unix:" + directory.resolve("env.sock");
    Process server =
        Python.start("Counter", "{\"at\": 3, \"then\": \"sleep\"}", "--listen", address);
    try (VectorEnv envs =
        vector(1, AutoresetMode.SAME_STEP, Map.of("connect", address, "step_timeout", 0.5))) {
      VectorStep step = envs.newStep();
      envs.reset(0, step);
      for (int t = 0; t < 2; t++) {
        envs.step(new float[] {1}, step);
      }
      float pid = step.observations()[1];
      ProcessHandle hanging = ProcessHandle.of((long) pid).orElseThrow();
      envs.step(new float[] {1}, step);
      assertThat(step.truncated()).containsExactly(true);
      assertThat(step.observations()[0]).isZero();
      assertThat(step.observations()[1]).isNotEqualTo(pid);
      hanging.onExit().orTimeout(30, TimeUnit.SECONDS).join();
    } finally {
      server.destroy();
      server.onExit().orTimeout(30, TimeUnit.SECONDS).join();
    }
  }

  @Test
  void shouldBeConnectedToAgainAfterAStepThatHangs() throws Exception {
    String address = "unix:" + directory.resolve("s");
    Process script = Python.start(
        "Counter", "{\"at\": 2, \"then\": \"sleep\"}", "--connect", address, "--reconnect");
    try (VectorEnv envs =
        vector(1, AutoresetMode.SAME_STEP, Map.of("listen", address, "step_timeout", 0.5))) {
      VectorStep step = envs.newStep();
      envs.reset(0, step);
      envs.step(new float[] {1}, step);
      envs.step(new float[] {1}, step);
      assertThat(step.truncated()).containsExactly(true);
      assertThat(step.observations()[0]).isZero();
      envs.step(new float[] {1}, step);
      assertThat(step.observations()[0]).isEqualTo(1);
      assertThat(step.truncated()).containsExactly(false);
    }
    script.onExit().orTimeout(30, TimeUnit.SECONDS).join();
    assertThat(script.exitValue()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "die, it closed the connection before STEPPED, these were my last words",
    "raise, 'it reported: ValueError: the ball is lost', Traceback",
  })
  void shouldGiveUpAfterSoManyRestartsWithoutAnEpisode(String then, String why, String output) {
    String kwargs = "{\"at\": 2, \"then\": \"" + then + "\"}";
    try (VectorEnv envs =
        vector(1, AutoresetMode.SAME_STEP, command("Counter", kwargs, "max_restarts", 2))) {
      VectorStep step = envs.newStep();
      envs.reset(0, step);
      float[] actions = {1};
      for (int restart = 0; restart < 2; restart++) {
        envs.step(actions, step);
        assertThat(step.truncated()).containsExactly(false);
        envs.step(actions, step);
        assertThat(step.truncated()).containsExactly(true);
      }
      envs.step(actions, step);
      assertThatThrownBy(() -> envs.step(actions, step))
          .isInstanceOfSatisfying(AgentOsException.class, RemoteEnvTest::isEnvironmentFailed)
          .hasMessageContaining("gymnasium_server.py --env worlds:Counter")
          .hasMessageContaining(why)
          .hasMessageContaining("lost 3 times in a row")
          .hasMessageContaining("max_restarts is 2")
          .hasMessageContaining(output);
    }
  }

  @Test
  void shouldGiveUpAResetThatNeverAnswers() {
    Env<float[], Integer> env = one(Map.of(
        "command",
        Python.command("Counter", "{\"slow_reset\": true}"),
        "reset_timeout",
        0.3,
        "max_restarts",
        1));
    try (env) {
      assertThatThrownBy(() -> env.reset(1))
          .isInstanceOfSatisfying(AgentOsException.class, RemoteEnvTest::isEnvironmentFailed)
          .hasMessageContaining("gave no OBSERVATIONS within its time limit; lost 2 times");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "short, 'it reported: a value of 1 numbers is not one of its declared space of shape (2,)'",
    "nan, the reward is NaN",
    "outside, outside its declared space Box",
  })
  void shouldTellThatItBrokeItsSpacesOrGaveNoReward(String then, String says) {
    Env<float[], Integer> env = one(Map.of(
        "command",
        Python.command("Counter", "{\"at\": 1, \"then\": \"" + then + "\"}"),
        "max_restarts",
        0));
    try (env) {
      env.reset(1);
      assertThatThrownBy(() -> env.step(0))
          .isInstanceOfSatisfying(AgentOsException.class, RemoteEnvTest::isEnvironmentFailed)
          .hasMessageContaining(says);
    }
  }

  @Test
  void shouldCarryEverySpaceThereAndBack() {
    Env<Map<String, Object>, Map<String, Object>> env = one(command("Everything", "{}"));
    try (env) {
      Space<Map<String, Object>> space = env.actionSpace();
      assertThat(env.observationSpace()).isEqualTo(space);
      assertThat(env.reset(1).observation().get("pixels")).isEqualTo(new float[] {0, 128, 255});
      Generator random = Generator.of(2);
      for (int t = 0; t < 20; t++) {
        Map<String, Object> action = space.sample(random);
        action.put("pixels", new float[] {t, random.integers(256), 255 - t});
        assertThat(space.flatten(env.step(action).observation())).isEqualTo(space.flatten(action));
      }
    }
  }

  @Test
  void shouldCarryNumpysArrays() {
    Env<float[], float[]> env = one(command("Numpy", "{}"));
    try (env) {
      assertThat(env.reset(1).observation()).containsExactly(0, 1, 254, 255);
      Step<float[]> step = env.step(new float[] {1.5f, -0.25f});
      assertThat(step.observation()).containsExactly(7, 7, 7, 7);
      assertThat(step.reward()).isEqualTo(1.25);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "Unspeakable, has no form in this protocol",
    "Missing, module 'worlds' has no attribute 'Missing'",
  })
  void shouldTellWhyItDoesNotStart(String world, String says) {
    assertThatThrownBy(() -> one(command(world, "{}")))
        .isInstanceOfSatisfying(AgentOsException.class, RemoteEnvTest::isEnvironmentFailed)
        .hasMessageContaining(says)
        .hasMessageContaining("worlds:" + world);
  }

  @Test
  void shouldTellThatAProcessEndsBeforeItConnects() {
    assertThatThrownBy(
            () -> one(Map.of("command", List.of("sh", "-c", "echo no such game >&2; exit 3"))))
        .isInstanceOfSatisfying(AgentOsException.class, RemoteEnvTest::isEnvironmentFailed)
        .hasMessageContaining("the process ended before it connected")
        .hasMessageContaining("no such game");
    assertThatThrownBy(() -> one(Map.of("command", List.of("/no/such/python"))))
        .isInstanceOf(AgentOsException.class)
        .hasMessageContaining("it does not start");
  }

  @Test
  void shouldStopWhenInterrupted() {
    Env<float[], Integer> env = one(command("Counter", "{\"at\": 1, \"then\": \"sleep\"}"));
    try (env) {
      env.reset(1);
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> env.step(0))
          .isInstanceOfSatisfying(
              AgentOsException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.STOPPED));
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
  }
}
