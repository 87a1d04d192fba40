package io.llmagentos.model.functions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NgramClassifierTest {
  private static final List<String> ALARMS =
      List.of("wake me at nine", "set an alarm for six", "an alarm at noon", "wake us early");
  private static final List<String> LIGHTS =
      List.of("turn on the light", "lights off please", "dim the lamp", "make it brighter");

  @TempDir
  private Path directory;

  private static NgramClassifier classifier() {
    NgramTrainer trainer = new NgramTrainer(2);
    ALARMS.forEach(text -> trainer.add(text, 0));
    LIGHTS.forEach(text -> trainer.add(text, 1));
    return trainer.train();
  }

  private static FunctionSets sets(int functions) {
    SequencedMap<String, List<String>> names = new LinkedHashMap<>();
    for (int i = 0; i < functions; i++) {
      names.put("f" + i, List.of());
    }
    SequencedMap<String, FunctionSet> sets = new LinkedHashMap<>();
    sets.put("s", new FunctionSet("<|s|>", names, false, 0));
    return new FunctionSets(sets, 1);
  }

  @Test
  void shouldTellTextsApartByTheirWords() {
    NgramClassifier classifier = classifier();
    assertThat(classifier.scores("an ALARM for nine", 2)[0])
        .isGreaterThan(classifier.scores("an ALARM for nine", 2)[1]);
    assertThat(classifier.scores("the lights in here", 2)[1])
        .isGreaterThan(classifier.scores("the lights in here", 2)[0]);
    assertThat(classifier.scores("", 2)).containsOnly(0);
  }

  @Test
  void shouldLearnTheSameFromTheSameAndReadWhatItWrote() throws IOException {
    NgramClassifier.write(directory, Map.of("s", classifier()));
    byte[] first = Files.readAllBytes(directory.resolve(NgramClassifier.FILE));
    NgramClassifier.write(directory, Map.of("s", classifier()));
    assertThat(directory.resolve(NgramClassifier.FILE)).hasBinaryContent(first);
    NgramClassifier read =
        Objects.requireNonNull(NgramClassifier.read(directory, sets(2)).get("s"));
    for (String text : List.of("wake the lamp", "noon", "turn off")) {
      assertThat(read.scores(text, 2)).containsExactly(classifier().scores(text, 2));
    }
  }

  @Test
  void shouldRefuseAFileThatDoesNotFitTheSets() throws IOException {
    NgramClassifier.write(directory, Map.of("s", classifier()));
    assertThatThrownBy(() -> NgramClassifier.read(directory, sets(1)))
        .isInstanceOfSatisfying(
            AgentOsException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.MODEL_FILE_CORRUPT))
        .hasMessageContaining("set s")
        .hasMessageContaining("1 outcomes");
    NgramClassifier.write(directory, Map.of("other", classifier()));
    assertThatThrownBy(() -> NgramClassifier.read(directory, sets(2)))
        .hasMessageContaining("s.outcomes");
  }
}
