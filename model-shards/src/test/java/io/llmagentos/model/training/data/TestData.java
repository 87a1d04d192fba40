package io.llmagentos.model.training.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.llmagentos.model.GoldenData;
import io.llmagentos.model.tokenizer.Tokenizer;
import io.llmagentos.model.training.arguments.Arguments;
import io.llmagentos.model.training.arguments.TrainingTask;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** What the tests of this package have in common. */
final class TestData {
  private TestData() {}

  static Arguments arguments(TrainingTask task, String trainFile, Map<String, ?> more) {
    Map<String, Object> map = new HashMap<>(
        Map.of("model_name_or_path", "model", "train_file", trainFile, "output_dir", "out"));
    map.putAll(more);
    return Arguments.parse(task, map);
  }

  static Corpus corpus(Path... files) {
    return new Corpus(java.util.List.of(files), 1 << 20, 0, Long.MAX_VALUE);
  }

  static Path goldenTokenizer(String name) {
    return GoldenData.resources().resolve("tokenizers").resolve(name);
  }

  static Tokenizer tokenizer(String name) {
    return Tokenizer.load(goldenTokenizer(name));
  }

  /** The message of the {@code DATASET_INVALID} that it fails with. */
  static String refused(ThrowingCallable reads) {
    AgentOsException refused = catchThrowableOfType(AgentOsException.class, reads);
    assertThat(refused.code()).isEqualTo(ErrorCode.DATASET_INVALID);
    return String.valueOf(refused.getMessage());
  }
}
