package io.llmagentos.rl.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.rl.env.registration.EnvRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The tuned configurations that ship. */
class ExamplesTest {
  private static final Path DIRECTORY = Path.of("..", "deploy", "examples");

  static List<Path> trainings() {
    try (Stream<Path> files = Files.list(DIRECTORY)) {
      return files
          .filter(file -> file.toString().endsWith(".yaml"))
          .filter(file -> String.valueOf(read(file).get("type")).startsWith("rl/"))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<String, Object> read(Path file) {
    try {
      return new YAMLMapper().readValue(file.toFile(), new TypeReference<>() {});
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @MethodSource("trainings")
  void shouldBeValid(Path file) {
    Experiment experiment = Experiment.of(read(file));
    assertThat(experiment.stop().thresholds()).containsKey("num_env_steps_sampled_lifetime");
    try (Algorithm algorithm = experiment.config().build(EnvRegistry.load(), () -> 0)) {
      assertThat(algorithm.parameters()).isNotEmpty();
    }
  }

  @ParameterizedTest
  @MethodSource("trainings")
  void shouldComeBackFromTheMapThatTheyGive(Path file) throws IOException {
    AlgorithmConfig<?> config = Experiment.of(read(file)).config();
    Map<String, Object> map = config.toMap();
    AlgorithmConfig<?> fromMap = AlgorithmConfig.of(config.algorithm()).with(map);
    ObjectMapper json = new ObjectMapper();
    AlgorithmConfig<?> fromText = AlgorithmConfig.of(config.algorithm())
        .with(json.readValue(
            json.writeValueAsString(map), new TypeReference<Map<String, Object>>() {}));
    for (Option<?> option : config.options().values()) {
      assertThat((Object) fromMap.get(option)).as(option.name()).isEqualTo(config.get(option));
      assertThat((Object) fromText.get(option)).as(option.name()).isEqualTo(config.get(option));
    }
  }

  @Test
  void shouldBalanceThePole() {
    Experiment experiment = Experiment.of(read(DIRECTORY.resolve("cartpole-ppo.yaml")));
    try (Algorithm algorithm = experiment.config().build(EnvRegistry.load(), () -> 0)) {
      Map<String, Number> result = algorithm.train();
      while (!experiment.stop().reached(result)) {
        result = algorithm.train();
      }
      assertThat(Results.episodeReturnMean(result)).isGreaterThanOrEqualTo(475);
      assertThat(Results.steps(result)).isLessThan(100_000);
      assertThat(Results.episodeReturnMean(algorithm.evaluate())).isGreaterThan(475);
    }
  }

  @Test
  void shouldSayWhatIsMissing() {
    assertThatThrownBy(() -> Experiment.of(Map.of("type", "rl/ppo", "env", "CartPole-v1")))
        .isInstanceOf(AgentOsException.class)
        .hasMessageContaining("stop is null");
    assertThatThrownBy(() -> Experiment.of(Map.of("stop", Map.of("training_iteration", 1))))
        .isInstanceOf(AgentOsException.class)
        .hasMessageContaining("type is null");
  }
}
