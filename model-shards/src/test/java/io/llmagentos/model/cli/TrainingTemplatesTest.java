package io.llmagentos.model.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.model.training.arguments.Arguments;
import io.llmagentos.model.training.arguments.TrainingTask;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrainingTemplatesTest {
  @ParameterizedTest
  @ValueSource(strings = {"tools.yaml", "nano.yaml"})
  void shouldBeWholeButForTheFiles(String name) throws IOException {
    ObjectNode template =
        TrainingTemplates.read(name).put("train_file", "rows.jsonl").put("output_dir", "out");
    assertThat(template.remove("type").asText()).isEqualTo("tools/finetune");
    assertThat(template.remove("name").asText()).isNotEmpty();
    Arguments arguments = Arguments.parse(
        TrainingTask.TOOLS_FINETUNE,
        new ObjectMapper().convertValue(template, new TypeReference<Map<String, Object>>() {}));
    assertThat(arguments.evaluates()).isFalse();
  }
}
