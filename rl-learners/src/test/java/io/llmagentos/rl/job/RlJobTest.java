package io.llmagentos.rl.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.envelope.Provenance;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.job.JobKey;
import io.llmagentos.node.job.JobSpec;
import io.llmagentos.rl.algorithm.Algorithm;
import io.llmagentos.rl.algorithm.Experiment;
import io.llmagentos.rl.env.registration.EnvRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class RlJobTest {
  private static final EnvRegistry ENVIRONMENTS = EnvRegistry.load();
  private static final Map<String, Object> PPO = Map.of(
      "type", "rl/ppo",
      "env", "CartPole-v1",
      "num_env_runners", 2,
      "num_envs_per_env_runner", 2,
      "num_learners", 2,
      "train_batch_size_per_learner", 128,
      "minibatch_size", 64,
      "num_epochs", 2,
      "seed", 3,
      "stop", Map.of("training_iteration", 6));
  private static final Map<String, Object> DDPG = Map.of(
      "type", "rl/ddpg",
      "env", "Pendulum-v1",
      "num_env_runners", 2,
      "num_envs_per_env_runner", 2,
      "num_learners", 2,
      "train_batch_size_per_learner", 32,
      "num_steps_sampled_before_learning_starts", 20,
      "min_sample_timesteps_per_iteration", 40,
      "fcnet_hiddens", List.of(16, 16),
      "stop", Map.of("training_iteration", 4));

  private static final Map<String, Object> LSTM =
      with(with(with(PPO, "use_lstm", true), "vf_share_layers", true), "lstm_cell_size", 8);

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

  record Run(String name, Map<String, Object> job) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Run> runs() {
    return Stream.of(
        new Run("ppo", PPO),
        new Run("ppo, asynchronous", with(PPO, "sample_async", true)),
        new Run("ppo, ranks only", with(PPO, "num_env_runners", 0)),
        new Run("ppo, runners only", with(PPO, "num_learners", 0)),
        new Run("ppo in the driver", with(with(PPO, "num_learners", 0), "num_env_runners", 0)),
        new Run(
            "ppo, asynchronous in the driver",
            with(with(PPO, "sample_async", true), "num_env_runners", 0)),
        new Run("ppo with an LSTM", LSTM),
        new Run("ddpg", DDPG),
        new Run("ddpg, asynchronous", with(DDPG, "sample_async", true)),
        new Run("ddpg in the driver", with(with(DDPG, "num_learners", 0), "num_env_runners", 0)));
  }

  @ParameterizedTest
  @MethodSource("runs")
  void shouldEndWithTheWeightsOfALocalRun(Run run) throws Exception {
    String id = node().submit(run.job());
    JsonNode job = node().await(id, "completed");
    assertThat(job.path("epoch").asInt()).isEqualTo(1);
    assertThat(parameters(run.job(), node().checkpoint(id))).isEqualTo(undisturbed(run.job()));
  }

  @Test
  void shouldPauseAndResumeAsIfNothingHadHappened() throws Exception {
    Map<String, Object> longer =
        with(with(PPO, "env", SlowCartPole.ID), "stop", Map.of("training_iteration", 60));
    String id = node().submit(longer);
    node().awaitIteration(id, 2);
    assertThat(node().post("/v1/jobs/" + id + "/pause", Map.of()).status()).isEqualTo(200);
    JsonNode paused = node().await(id, "paused");
    SlowCartPole.HURRY.countDown();
    assertThat(paused.path("checkpoints").path(0).path("iteration").asInt()).isBetween(2, 59);
    assertThat(node().post("/v1/jobs/" + id + "/resume", Map.of()).status()).isEqualTo(200);
    JsonNode job = node().await(id, "completed");
    assertThat(job.path("epoch").asInt()).isEqualTo(2);
    assertThat(parameters(longer, node().checkpoint(id))).isEqualTo(undisturbed(longer));
  }

  @Test
  void shouldNotHoldUpOtherJobsWhileEnvironmentsHang() throws Exception {
    Map<String, Object> alone = with(with(PPO, "num_learners", 0), "num_env_runners", 1);
    Map<String, Object> once = with(alone, "stop", Map.of("training_iteration", 1));
    List<String> hanging = new ArrayList<>();
    try {
      for (int i = 0; i < 10; i++) {
        hanging.add(node().submit(with(once, "env", GatedEnv.ID)));
      }
      await()
          .atMost(Duration.ofSeconds(60))
          .until(GatedEnv.WAITING::get, is -> is == hanging.size());
      node().await(node().submit(alone), "completed");
      assertThat(GatedEnv.WAITING).hasValue(hanging.size());
    } finally {
      GatedEnv.GATE.countDown();
    }
    for (String each : hanging) {
      node().await(each, "completed");
    }
  }

  @ParameterizedTest
  @EnumSource(FaultyEnv.Fault.class)
  void shouldFailAtOnceAndNameTheEnvironment(FaultyEnv.Fault fault) throws Exception {
    for (int runners : new int[] {0, 2}) {
      Map<String, Object> job = with(PPO, "env", fault.id);
      String id = node()
          .submit(
              with(with(job, "num_env_runners", runners), "num_learners", runners == 0 ? 0 : 2));
      JsonNode failed = node().await(id, "failed");
      assertThat(failed.path("reason").asText())
          .startsWith("environment_failed: ")
          .contains(fault.id + ": ");
      assertThat(failed.path("epoch").asInt()).as("no second try").isEqualTo(1);
    }
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "2, 2"})
  void shouldNameTheIterationInWhichTrainingDiverged(int runners, int learners) throws Exception {
    Map<String, Object> ppo = with(with(PPO, "num_env_runners", runners), "num_learners", learners);
    Map<String, Object> ddpg =
        with(with(DDPG, "num_env_runners", runners), "num_learners", learners);
    Map<String, Object> ppoPendulum = with(with(ppo, "env", "Pendulum-v1"), "lr", 1e30);
    Map<String, Object> ddpgPendulum = with(with(ddpg, "actor_lr", 1e30), "critic_lr", 1e30);
    for (Map<String, Object> job : List.of(with(ppo, "lr", 1e30), ppoPendulum, ddpgPendulum)) {
      JsonNode failed = node().await(node().submit(job), "failed");
      assertThat(failed.path("reason").asText())
          .as(job.toString())
          .startsWith("training_diverged: ")
          .containsPattern("in iteration \\d+, after \\d+ steps: ");
      assertThat(failed.path("epoch").asInt()).as("no second try").isEqualTo(1);
    }
  }

  @Test
  void shouldRefuseWhatItDoesNotUnderstand() throws Exception {
    refused(with(PPO, "type", "rl/pppo"), "type", "did you mean rl/ppo?");
    refused(with(PPO, "env", "CartPol-v1"), "env", "did you mean 'CartPole-v1'?");
    refused(with(PPO, "env", "CartPole-v7"), "env", "there is CartPole-v1");
    refused(without(PPO, "env"), "env", "env is not set");
    refused(with(PPO, "gama", 0.9), "gama", "did you mean gamma?");
    refused(with(PPO, "training", Map.of("gama", 0.9)), "gama", "did you mean gamma?");
    refused(with(PPO, "training", 3), "training", "must be a map");
    refused(with(PPO, "gamma", 1.5), "gamma", "1.5");
    refused(with(PPO, "gamma", "high"), "gamma", "high");
    refused(without(PPO, "stop"), "stop", "must be a map");
    refused(with(PPO, "stop", Map.of()), "stop", "must be a map");
    refused(with(PPO, "stop", "soon"), "stop", "soon");
    refused(with(PPO, "stop", Map.of("training_iteration", "many")), "stop", "many");
    refused(with(PPO, "stop", Map.of("training_iteratoin", 5)), "stop", "training_iteration?");
    refused(with(PPO, "checkpoint_config", 3), "checkpoint_config", "must be a map");
    refused(
        with(PPO, "checkpoint_config", Map.of("checkpoint_freqency", 3)),
        "checkpoint_config.checkpoint_freqency",
        "did you mean checkpoint_frequency?");
    for (String size : List.of(
        "num_envs_per_env_runner",
        "train_batch_size_per_learner",
        "minibatch_size",
        "num_epochs")) {
      refused(with(PPO, size, 0), size, size + " is 0");
    }
    refused(with(PPO, "num_env_runners", -1), "num_env_runners", "-1");
    refused(with(PPO, "num_env_runners", 1_000_000), "num_env_runners", "to 4096");
    refused(with(PPO, "num_learners", 3), "num_learners", "must divide the 4 environments");
    refused(with(DDPG, "replay_buffer_capacity", 0), "replay_buffer_capacity", "is 0");
  }

  private static void refused(Map<String, Object> job, String param, String text) throws Exception {
    TestNode.Answer answer = node().post("/v1/jobs", job);
    assertThat(answer.status()).as(job + ": " + answer.body()).isEqualTo(400);
    assertThat(answer.message()).contains(text);
    assertThat(answer.param()).as(answer.message()).isEqualTo(param);
  }

  @Test
  void shouldRefuseWhatTheEnvironmentDoesNotUnderstand() throws Exception {
    refused(
        with(PPO, "env_config", Map.of("sutton_barto_rewards", true)),
        "env_config.sutton_barto_rewards",
        "did you mean 'sutton_barto_reward'?");
    refused(
        with(PPO, "env_config", Map.of("sutton_barto_reward", "yes")),
        "env_config.sutton_barto_reward",
        "is yes, must be true or false");
    refused(
        with(PPO, "env_config", Map.of("max_episode_steps", 0)),
        "env_config.max_episode_steps",
        "is 0, must be at least 1");
    remote(Map.of(), "command", "exactly one");
    remote(Map.of("comand", List.of("python3")), "command", "exactly one");
    remote(
        Map.of("connect", "unix:/tmp/x", "step_timout", 3),
        "step_timout",
        "did you mean 'step_timeout'?");
    remote(Map.of("connect", "unix:/tmp/x", "step_timeout", -3), "step_timeout", "-3");
    remote(Map.of("connect", "somewhere"), "connect", "must be unix:PATH, tcp:PORT");
    remote(Map.of("listen", "tcp:9000"), "token_file", "needs a token_file");
  }

  private static void remote(Map<String, Object> options, String param, String text)
      throws Exception {
    refused(
        with(with(PPO, "env", "Remote-v0"), "env_config", options), "env_config." + param, text);
  }

  @Test
  void shouldRefuseAnAlgorithmThatDoesNotSuitTheEnvironment() throws Exception {
    refused(with(DDPG, "env", "CartPole-v1"), "env", ", must be a Box");
    refused(
        with(PPO, "conv_filters", List.of(List.of(16, 4, 2))),
        "conv_filters",
        "do not fit CartPole-v1");
    Map<String, Object> squashed = with(PPO, "action_dist", "squashed_gaussian");
    refused(
        with(with(squashed, "env", "Pendulum-v1"), "normalize_actions", false),
        "normalize_actions",
        "must be true");
  }

  @Test
  void shouldRefuseThroughJavaWhatItRefusesOverHttp() {
    JobSpec spec = JobSpec.parse("""
        type: rl/ppo
        env: CartPole-v1
        env_config: {sutton_barto_rewards: true}
        stop: {training_iteration: 1}
        """.getBytes(StandardCharsets.UTF_8));
    assertThat(node()
            .jobs()
            .submit(
                new JobKey("local", "java"),
                new Context("local", "local", Instant.MAX, "", Provenance.PRINCIPAL),
                spec))
        .failsWithin(Duration.ofSeconds(30))
        .withThrowableOfType(ExecutionException.class)
        .havingCause()
        .isInstanceOfSatisfying(AgentOsException.class, refusal -> {
          assertThat(refusal.code()).isEqualTo(ErrorCode.INVALID_REQUEST);
          assertThat(refusal.param()).isEqualTo("env_config.sutton_barto_rewards");
        });
  }

  @Test
  void shouldActInEnvironmentsOfEverySpace() throws Exception {
    String lake = trained(with(PPO, "env", "FrozenLake-v1"));
    JsonNode moves = actions(lake, "{\"observations\": [0, 5, 15]}").body().path("actions");
    assertThat(moves).hasSize(3).allMatch(move -> move.isInt() && move.asInt() < 4);
    assertThat(actions(lake, "{\"observations\": [16]}").message()).contains("16 is not in");
    assertThat(actions(lake, "{\"observations\": [[1, 2]]}").status()).isEqualTo(400);
    assertThat(actions(lake, "{\"observations\": [1.5]}").status()).isEqualTo(400);

    String pendulum = trained(DDPG);
    JsonNode torques = actions(pendulum, "{\"observations\": [[1, 0, 0.5], [0, 1, -8]]}")
        .body()
        .path("actions");
    assertThat(torques).hasSize(2);
    for (JsonNode torque : torques) {
      assertThat(torque).hasSize(1);
      assertThat(torque.path(0).asDouble()).isBetween(-2.0, 2.0);
    }
  }

  @Test
  void shouldGoOnWithTheStateThatAClientSends() throws Exception {
    String id = trained(LSTM);
    float[][] observations = {{0.1f, 0.2f, -0.05f, 0}, {0.1f, -0.3f, 0.02f, 0.5f}, {0, 0, 0, 1}};
    try (Algorithm local = Experiment.of(LSTM).config().build(ENVIRONMENTS, System::nanoTime)) {
      local.restore(node().checkpoint(id));
      float[] state = new float[local.stateWidth()];
      float[] other = new float[local.stateWidth()];
      Map<String, Object> request = new LinkedHashMap<>();
      for (float[] observation : observations) {
        request.put("observations", List.of(observation, observations[0]));
        JsonNode answer =
            node().post("/v1/policies/" + id + "/actions", request).body();
        float[] expected = local.computeSingleAction(observation, state);
        local.computeSingleAction(observations[0], other);
        assertThat(answer.path("actions").path(0).asInt()).isEqualTo((int) expected[0]);
        assertThat(floats(answer.path("state_out").path(0))).isEqualTo(state);
        assertThat(floats(answer.path("state_out").path(1))).isEqualTo(other);
        request.put("state_in", answer.path("state_out"));
      }
      assertThat(state).isNotEqualTo(other);
    }
    String one = "{\"observations\": [[0, 0, 0, 0]], \"state_in\": ";
    refusedState(id, one + "[]}", "a list of 1 states, one for each observation, is one of 0");
    refusedState(id, one + "0}", "is NUMBER");
    refusedState(id, one + "null}", "is NULL");
    refusedState(id, one + "[[1, 2]]}", "a state has 2 numbers, must have 16");
    refusedState(id, one + "[[1e300]]}", "a state's numbers must be finite");
    refusedState(id, one + "[\"x\"]}", "a state is made of numbers");
    refusedState(trained(PPO), one + "[[]]}", "remembers nothing");
  }

  private static void refusedState(String id, String body, String text) throws Exception {
    TestNode.Answer answer = actions(id, body);
    assertThat(answer.status()).as(body + ": " + answer.body()).isEqualTo(400);
    assertThat(answer.param()).isEqualTo("state_in");
    assertThat(answer.message()).contains(text);
  }

  private static float[] floats(JsonNode numbers) {
    float[] all = new float[numbers.size()];
    for (int i = 0; i < all.length; i++) {
      all[i] = numbers.path(i).floatValue();
    }
    return all;
  }

  @Test
  void shouldNameWhatIsWrongWithObservations() throws Exception {
    String id = trained(PPO);
    assertThat(actions(id, "{\"observations\": [[0, 0, 0, 0]]}").status()).isEqualTo(200);
    for (String body : List.of(
        "{\"observations\": [[0, 0, 0]]}",
        "{\"observations\": [[0, 0, 0, 0, 0]]}",
        "{\"observations\": [0]}",
        "{\"observations\": [[0, 0, 0, \"0\"]]}",
        "{\"observations\": [[0, 0, 0, null]]}",
        "{\"observations\": [null]}",
        "{\"observations\": [[0, 0, 0, {}]]}",
        "{\"observations\": [[0, 0, 0, 1e300]]}",
        "{\"observations\": []}",
        "{\"observations\": 3}",
        "{}")) {
      TestNode.Answer answer = actions(id, body);
      assertThat(answer.status()).as(body + ": " + answer.body()).isEqualTo(400);
      assertThat(answer.param()).as(body).isEqualTo("observations");
    }
    assertThat(actions(id, "{\"observations\": [[0, 0, 0, NaN]]}").code())
        .isEqualTo("malformed_json");
    TestNode.Answer unknown = actions(id, "{\"observations\": [[0, 0, 0, 0]], \"greedy\": true}");
    assertThat(unknown.status()).isEqualTo(400);
    assertThat(unknown.param()).isEqualTo("greedy");
  }

  @Test
  void shouldNameWhatHasNoPolicy() throws Exception {
    String body = "{\"observations\": [[0, 0, 0, 0]]}";
    assertThat(actions("nobody", body).status()).isEqualTo(404);
    assertThat(actions("nobody", body).message()).contains("nobody");

    String failed = node().submit(with(PPO, "env", FaultyEnv.Fault.THROWS_AT_RESET.id));
    node().await(failed, "failed");
    assertThat(actions(failed, body).status()).isEqualTo(404);
    assertThat(actions(failed, body).message()).contains("no checkpoint").contains("failed");

    String idle = node().submit(Map.of("type", "test/idle"));
    node().await(idle, "running");
    TestNode.Answer answer = actions(idle, body);
    assertThat(answer.status()).as(answer.body().toString()).isEqualTo(400);
    assertThat(answer.message()).contains("test/idle").contains("trains no policy");
    node().post("/v1/jobs/" + idle + "/cancel", Map.of());
  }

  private static TestNode.Answer actions(String id, String body) throws Exception {
    return node().postText("/v1/policies/" + id + "/actions", body);
  }

  private static String trained(Map<String, Object> job) throws Exception {
    String id = node().submit(with(job, "stop", Map.of("training_iteration", 1)));
    node().await(id, "completed");
    return id;
  }

  private static float[] parameters(Map<String, Object> job, byte[] checkpoint) {
    try (Algorithm algorithm = Experiment.of(job).config().build(ENVIRONMENTS, System::nanoTime)) {
      algorithm.restore(checkpoint);
      return algorithm.parameters();
    }
  }

  private static float[] undisturbed(Map<String, Object> job) {
    Experiment experiment = Experiment.of(job);
    try (Algorithm algorithm = experiment.config().build(ENVIRONMENTS, System::nanoTime)) {
      Map<String, Number> result = algorithm.train();
      while (!experiment.stop().reached(result)) {
        result = algorithm.train();
      }
      return algorithm.parameters();
    }
  }

  private static Map<String, Object> with(Map<String, Object> map, String key, Object value) {
    Map<String, Object> changed = new LinkedHashMap<>(map);
    changed.put(key, value);
    return changed;
  }

  private static Map<String, Object> without(Map<String, Object> map, String key) {
    Map<String, Object> changed = new LinkedHashMap<>(map);
    changed.remove(key);
    return changed;
  }

  private static TestNode node() {
    return Objects.requireNonNull(started);
  }
}
