package io.llmagentos.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.llmagentos.model.training.arguments.Arguments;
import io.llmagentos.model.training.arguments.TrainingTask;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What {@code docs} and {@code deploy/examples} tell users to write is understood. */
class ExamplesTest {
  private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());
  private static final Pattern BLOCK = Pattern.compile("```yaml\\n(.*?)```", Pattern.DOTALL);

  /** Of every job. */
  private static final Set<String> JOB = Set.of("type", "name", "priority", "max_failures", "id");

  @Test
  void shouldKnowTheArgumentsOfEachTrainingThatIsShown() throws IOException {
    List<String> files = new ArrayList<>(BLOCK
        .matcher(Files.readString(Path.of("../docs/training.md")))
        .results()
        .map((MatchResult block) -> block.group(1))
        .toList());
    try (Stream<Path> examples = Files.list(Path.of("examples"))) {
      for (Path example :
          examples.filter(file -> file.toString().endsWith(".yaml")).toList()) {
        files.add(Files.readString(example));
      }
    }
    Set<TrainingTask> shown = EnumSet.noneOf(TrainingTask.class);
    for (String file : files) {
      Map<String, Object> job = YAML.readValue(file, new TypeReference<>() {});
      Optional<TrainingTask> task = Arrays.stream(TrainingTask.values())
          .filter(each -> each.type().equals(job.get("type")))
          .findFirst();
      if (task.isPresent()) {
        job.keySet().removeAll(JOB);
        assertThat(Arguments.parse(task.get(), job).task()).isEqualTo(task.get());
        shown.add(task.get());
      }
    }
    assertThat(shown).containsExactlyInAnyOrder(TrainingTask.values());
  }
}
