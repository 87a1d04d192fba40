package io.llmagentos.model.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.model.GoldenData;
import io.llmagentos.model.training.OptimizerStep.AdamW;
import io.llmagentos.model.training.OptimizerStep.Sgd;
import io.llmagentos.model.weights.Parameter;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A matrix, which decays, and a vector, which does not, over the steps that PyTorch's optimizers take. */
class OptimizerGoldenTest {
  private static final JsonNode GOLDEN =
      GoldenData.read(GoldenData.directory().resolve("optim.json"));

  static List<JsonNode> cases() {
    return StreamSupport.stream(GOLDEN.path("cases").spliterator(), false).toList();
  }

  private static float[] floats(JsonNode json) {
    float[] values = new float[json.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = json.get(i).floatValue();
    }
    return values;
  }

  private static OptimizerStep step(JsonNode test, double rate) {
    JsonNode settings = test.path("settings");
    double limit = settings.path("clip_global_norm").asDouble(0);
    return test.path("optimizer").asText().equals("SGD")
        ? new Sgd(rate, settings.path("momentum").asDouble(0), limit)
        : new AdamW(
            rate,
            settings.path("betas").get(0).asDouble(),
            settings.path("betas").get(1).asDouble(),
            settings.path("eps").asDouble(),
            settings.path("weight_decay_W").asDouble(0),
            limit);
  }

  @ParameterizedTest(name = "{index}")
  @MethodSource("cases")
  void shouldStepLikePyTorch(JsonNode test) {
    JsonNode shape = GOLDEN.path("shape_W");
    long columns = shape.get(1).asLong();
    var layout = new FlatLayout(List.of(
        new Parameter("b", new long[] {columns}, 0, 0, -1),
        new Parameter("W", new long[] {shape.get(0).asLong(), columns}, 0, 0, -1)));
    try (var weights = new Weights(layout, p -> floats(GOLDEN.path(p.name() + "0")))) {
      for (int i = 0; i < test.path("steps").size(); i++) {
        JsonNode expected = test.path("steps").get(i);
        float[] gradient = new float[layout.width()];
        for (String name : List.of("W", "b")) {
          float[] part = floats(GOLDEN.path("grads").get(i).path(name));
          System.arraycopy(part, 0, gradient, layout.offset(name), part.length);
        }
        weights.writeGradient(List.of(new FlatLayout.Range(0, layout.width())), gradient);
        double norm = weights.step(1, step(test, expected.path("lr").asDouble()));
        if (expected.has("norm_before_clip")) {
          assertThat(norm).isCloseTo(expected.path("norm_before_clip").asDouble(), within(1e-5));
        }
        weights
            .tensors()
            .forEach(tensor -> assertThat(tensor.toFloats())
                .as("%s %s", test.path("name"), tensor.name())
                .containsExactly(floats(expected.path(tensor.name())), within(1e-6f)));
        weights.gradients().forEach(tensor -> assertThat(tensor.toFloats()).containsOnly(0));
      }
    }
  }
}
