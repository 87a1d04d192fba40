package io.llmagentos.model.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.model.GoldenData;
import io.llmagentos.model.engine.Engine.Feed;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** Models with the results that Hugging Face transformers computes from them, under -Dgolden.transformers or among the test resources. */
record Golden(Path directory, JsonNode expected) {
  private static final float LOGITS_TOLERANCE = 1e-4f;

  /** All models whose {@code model_type} is among {@code types}; at least one. */
  static List<Golden> ofTypes(String... types) {
    return GoldenData.models(types).stream()
        .map(directory -> new Golden(directory, GoldenData.read(directory.resolve("golden.json"))))
        .toList();
  }

  @Override
  public String toString() {
    return directory.getFileName().toString();
  }

  /** An engine whose blocks and passes are so small that every case crosses their borders. */
  CpuEngine engine() {
    return CpuEngine.load(directory, new CpuEngineSettings(2, 5, 400, 7, WeightStorage.AS_STORED));
  }

  void checkForward() {
    assertThat(expected.path("forward")).isNotEmpty();
    try (CpuEngine engine = engine()) {
      for (JsonNode test : expected.path("forward")) {
        for (int b = 0; b < test.path("inputs").path("input_ids").size(); b++) {
          new Row(engine, test, b).check();
        }
      }
      assertThat(engine.freeBlocks()).isEqualTo(400);
    }
  }

  void checkGreedy() {
    assertThat(expected.path("greedy")).isNotEmpty();
    try (CpuEngine engine = engine()) {
      for (JsonNode test : expected.path("greedy")) {
        assertThat(greedy(engine, test))
            .as("%s %s", this, test.path("name"))
            .isEqualTo(intRows(test.path("sequences")));
      }
      assertThat(engine.freeBlocks()).isEqualTo(400);
    }
  }

  /** One row of a forward case, fed without its padding, in pieces that end at the positions whose results are given. */
  private final class Row {
    private final CpuEngine engine;
    private final JsonNode test;
    private final int b;
    private final List<Integer> places = new ArrayList<>();
    private final int firstPosition;

    Row(CpuEngine engine, JsonNode test, int b) {
      this.engine = engine;
      this.test = test;
      this.b = b;
      JsonNode inputs = test.path("inputs");
      for (int p = 0; p < inputs.path("input_ids").get(b).size(); p++) {
        if (inputs.path("attention_mask").path(b).path(p).asInt(1) == 1) {
          places.add(p);
        }
      }
      JsonNode positions = inputs.path("position_ids").path(b);
      firstPosition = positions.path(places.getFirst()).asInt(places.getFirst());
      for (int i = 0; i < places.size(); i++) {
        assertThat(positions.path(places.get(i)).asInt(places.get(i)))
            .as("positions of real tokens follow each other")
            .isEqualTo(firstPosition + i);
      }
    }

    void check() {
      Set<Integer> ends = new HashSet<>();
      Stream.of("logits", "last_hidden", "per_layer_hidden")
          .forEach(
              what -> listed(what).forEach(entry -> ends.add(entry.path("p").asInt())));
      int sequence = engine.open(places.size(), firstPosition);
      List<Integer> tokens = new ArrayList<>();
      for (int place : places) {
        tokens.add(test.path("inputs").path("input_ids").get(b).get(place).asInt());
        if (ends.remove(place)) {
          int[] piece = tokens.stream().mapToInt(Integer::intValue).toArray();
          check(new Feed(sequence, piece), place);
          tokens.clear();
        }
      }
      assertThat(ends).as("positions of padding").isEmpty();
      engine.close(sequence);
    }

    /** What the case lists for this row: a list of entries, or a single one. */
    private List<JsonNode> listed(String what) {
      JsonNode entries = test.path(what);
      List<JsonNode> listed = new ArrayList<>();
      (entries.isObject() ? List.of(entries) : entries).forEach(listed::add);
      return listed.stream().filter(entry -> entry.path("b").asInt() == b).toList();
    }

    private void check(Feed feed, int place) {
      List<float[]> hidden = new ArrayList<>();
      engine.tap((layer, x, stride, rows) -> {
        if (layer == 0) {
          hidden.clear();
        } else if (layer < 0) {
          hidden.removeLast();
        }
        hidden.add(Arrays.copyOfRange(x, (rows - 1) * stride, rows * stride));
      });
      float[][] logits = new float[1][engine.vocabularySize()];
      engine.forward(List.of(feed), logits);
      at("logits", place)
          .forEach(entry -> assertThat(logits[0])
              .as("%s %s logits[%s][%s]", Golden.this, test.path("name"), b, place)
              .containsExactly(floats(entry.path("v")), within(LOGITS_TOLERANCE)));
      at("last_hidden", place)
          .forEach(entry -> check(hidden.getLast(), entry.path("v"), "last_hidden"));
      at("per_layer_hidden", place).forEach(entry -> {
        assertThat(hidden).hasSameSizeAs(entry.path("v"));
        for (int i = 0; i < hidden.size(); i++) {
          check(hidden.get(i), entry.path("v").get(i), "per_layer_hidden " + i);
        }
      });
    }

    private List<JsonNode> at(String what, int place) {
      return listed(what).stream()
          .filter(entry -> entry.path("p").asInt() == place)
          .toList();
    }

    private void check(float[] found, JsonNode values, String what) {
      for (int i = 0; i < values.size(); i++) {
        float value = values.get(i).floatValue();
        assertThat(found[i])
            .as("%s %s %s[%s]", Golden.this, test.path("name"), what, i)
            .isCloseTo(value, within(1e-4f + 1e-5f * Math.abs(value)));
      }
    }
  }

  private static List<List<Integer>> greedy(CpuEngine engine, JsonNode test) {
    int steps = test.path("max_new_tokens").asInt();
    List<List<Integer>> rows = intRows(test.path("inputs").path("input_ids"));
    int[] sequences = new int[rows.size()];
    boolean[] finished = new boolean[rows.size()];
    List<Feed> feeds = new ArrayList<>();
    for (int b = 0; b < rows.size(); b++) {
      JsonNode mask = test.path("inputs").path("attention_mask").path(b);
      int pads = 0;
      while (mask.path(pads).asInt(1) == 0) {
        pads++;
      }
      int[] tokens = rows.get(b).stream().skip(pads).mapToInt(Integer::intValue).toArray();
      sequences[b] = engine.open(tokens.length + steps);
      feeds.add(new Feed(sequences[b], tokens));
    }
    float[][] logits = new float[rows.size()][engine.vocabularySize()];
    for (int step = 0; step < steps && !feeds.isEmpty(); step++) {
      engine.forward(feeds, logits);
      feeds.clear();
      int fed = 0;
      for (int b = 0; b < rows.size(); b++) {
        if (finished[b]) {
          rows.get(b).add(test.path("pad_token_id").asInt());
          continue;
        }
        int next = best(logits[fed++], rows.get(b), test);
        rows.get(b).add(next);
        finished[b] = next == test.path("eos_token_id").asInt(-1);
        if (!finished[b]) {
          feeds.add(new Feed(sequences[b], new int[] {next}));
        }
      }
    }
    for (int sequence : sequences) {
      engine.close(sequence);
    }
    return rows;
  }

  /** The best token after the case's two rules. */
  private static int best(float[] logits, List<Integer> row, JsonNode test) {
    float penalty = test.path("repetition_penalty").floatValue();
    if (penalty > 0) {
      row.stream()
          .distinct()
          .forEach(token -> logits[token] =
              logits[token] > 0 ? logits[token] / penalty : logits[token] * penalty);
    }
    int n = test.path("no_repeat_ngram_size").asInt();
    for (int start = 0; n > 0 && start + n <= row.size(); start++) {
      if (row.subList(start, start + n - 1).equals(row.subList(row.size() - n + 1, row.size()))) {
        logits[row.get(start + n - 1)] = Float.NEGATIVE_INFINITY;
      }
    }
    int best = 0;
    for (int token = 1; token < logits.length; token++) {
      best = logits[token] > logits[best] ? token : best;
    }
    return best;
  }

  private static List<List<Integer>> intRows(JsonNode json) {
    List<List<Integer>> rows = new ArrayList<>();
    for (JsonNode row : json) {
      List<Integer> values = new ArrayList<>();
      row.forEach(value -> values.add(value.asInt()));
      rows.add(values);
    }
    return rows;
  }

  private static float[] floats(JsonNode json) {
    float[] values = new float[json.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = json.get(i).floatValue();
    }
    return values;
  }
}
