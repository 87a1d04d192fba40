package io.llmagentos.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Trainings as jobs of one rank and of two, each a process with a core of its own, with the same batch for each rank: tokens per second, what a checkpoint costs, how
 * long it takes to go on after a pause, memory. Rounds are interleaved; a figure is the median of what was logged in all of them.
 */
@Command(
    name = "ranks",
    mixinStandardHelpOptions = true,
    description = "Training a language model on two ranks against one.")
final class RanksBench implements Callable<Integer> {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int VOCABULARY = 8192;
  private static final int LOGGING_STEPS = 5;
  private static final String SETTINGS = """
      llmagentos.jobs.cores = 1
      llmagentos.model.nano = off
      """;

  private record Shape(int layers, int width, int heads, int context, int batch) {
    @Override
    public String toString() {
      return "%dx%d, context %d, batch %d a rank".formatted(layers, width, context, batch);
    }

    double tokens() {
      return (double) context * batch;
    }
  }

  private static final List<Shape> SHAPES =
      List.of(new Shape(4, 256, 4, 128, 16), new Shape(6, 384, 6, 256, 8));

  @Option(names = "--rounds", description = "Of each (default: ${DEFAULT-VALUE}).")
  private int rounds = 3;

  @Option(names = "--steps", description = "Of a training (default: ${DEFAULT-VALUE}).")
  private int steps = 30;

  @Option(
      names = "--bucket",
      description = "ddp_bucket_cap_mb of two ranks (default: ${DEFAULT-VALUE}).",
      split = ",")
  private List<Double> buckets = new ArrayList<>(List.of(4.0));

  @Option(names = "--kernels", description = "mkl or onednn (default: ${DEFAULT-VALUE}).")
  private String kernels = "onednn";

  private int jobs;

  @Override
  public Integer call() throws IOException, InterruptedException {
    try (UpProcess up = UpProcess.start(1, 2, Optional.of(SETTINGS))) {
      up.untilAnswered(up.door(0).resolve("/v1/sessions"), "{\"agent\": \"assistant\"}");
      Path text = text(up.directory().resolve("text.txt"));
      for (Shape shape : SHAPES) {
        measure(up, text, shape);
      }
    }
    return 0;
  }

  private static Path text(Path file) throws IOException {
    var random = new SplittableRandom(1);
    var text = new StringBuilder();
    for (int i = 0; i < 400_000; i++) {
      text.append((char) ('a' + random.nextInt(26))).append(i % 60 == 59 ? "\n" : "");
    }
    return Files.writeString(file, text);
  }

  private void measure(UpProcess up, Path text, Shape shape)
      throws IOException, InterruptedException {
    List<Double> one = new ArrayList<>();
    List<Double> saving = new ArrayList<>();
    Map<Double, List<Double>> two = new HashMap<>();
    for (int round = 0; round < rounds; round++) {
      one.addAll(speeds(up, training(text, shape, 1, Map.of("save_strategy", "no"))));
      for (double bucket : buckets) {
        Map<String, ?> more = Map.of("save_strategy", "no", "ddp_bucket_cap_mb", bucket);
        two.computeIfAbsent(bucket, first -> new ArrayList<>())
            .addAll(speeds(up, training(text, shape, 2, more)));
      }
      saving.addAll(speeds(up, training(text, shape, 1, Map.of("save_steps", LOGGING_STEPS))));
    }
    double alone = median(one);
    System.out.printf("%s: %.0f tokens/s on one rank%n", shape, alone);
    for (double bucket : buckets) {
      double together = median(two.getOrDefault(bucket, List.of()));
      System.out.printf(
          "  two ranks, buckets of %.1f MiB: %.0f tokens/s, %.2f times; %.1f %% of a step are not one rank's computing%n",
          bucket, together, together / alone, 100 * (1 - together / alone / 2));
    }
    // A log covers the checkpoint that was saved behind the log before it.
    System.out.printf(
        "  a checkpoint costs %.0f ms (a step takes %.0f ms)%n",
        1000 * LOGGING_STEPS * shape.tokens() * (1 / median(saving) - 1 / alone),
        1000 * shape.tokens() / alone);
    System.out.printf(
        "  from the word to go on after a pause to the end of the first step: %.2f s%n",
        resume(up, training(text, shape, 2, Map.of("logging_steps", 1, "max_steps", 100_000))));
    System.out.printf("  the most memory that a rank's process had: %s%n", memory(up));
  }

  private Map<String, Object> training(Path text, Shape shape, int ranks, Map<String, ?> more) {
    String id = "ranks-" + jobs++;
    Map<String, Object> job = new HashMap<>(Map.of(
        "type",
        "lm/pretrain",
        "id",
        id,
        "train_file",
        text.toString(),
        "output_dir",
        text.resolveSibling(id).toString(),
        "tokenizer_type",
        "character",
        "block_size",
        shape.context(),
        "config",
        Map.of(
            "model_type", "gpt2",
            "vocab_size", VOCABULARY,
            "n_positions", shape.context(),
            "n_embd", shape.width(),
            "n_layer", shape.layers(),
            "n_head", shape.heads()),
        "num_processes",
        ranks,
        "kernels",
        kernels));
    job.putAll(Map.of(
        "max_steps", steps,
        "logging_steps", LOGGING_STEPS,
        "per_device_train_batch_size", shape.batch()));
    job.putAll(more);
    return job;
  }

  /** Of each log but the first, which warms up. */
  private static List<Double> speeds(UpProcess up, Map<String, ?> job)
      throws IOException, InterruptedException {
    submit(up, job);
    while (!status(up, job).has("ended_at")) {
      TimeUnit.MILLISECONDS.sleep(200);
    }
    JsonNode ended = status(up, job);
    if (!ended.path("status").asText().equals("completed")) {
      throw new IllegalStateException("a training did not complete: " + ended);
    }
    List<Double> speeds = new ArrayList<>();
    for (JsonNode line : metrics(up, job)) {
      speeds.add(line.path("train_tokens_per_second").asDouble());
    }
    return speeds.subList(1, speeds.size());
  }

  private static double resume(UpProcess up, Map<String, ?> job)
      throws IOException, InterruptedException {
    submit(up, job);
    while (metrics(up, job).size() < 3) {
      TimeUnit.MILLISECONDS.sleep(50);
    }
    command(up, job, "pause");
    while (!status(up, job).path("status").asText().equals("paused")) {
      TimeUnit.MILLISECONDS.sleep(50);
    }
    int before = metrics(up, job).size();
    long started = System.nanoTime();
    command(up, job, "resume");
    while (metrics(up, job).size() == before) {
      TimeUnit.MILLISECONDS.sleep(10);
    }
    double seconds = (System.nanoTime() - started) / 1e9;
    command(up, job, "cancel");
    while (!status(up, job).has("ended_at")) {
      TimeUnit.MILLISECONDS.sleep(50);
    }
    return seconds;
  }

  private static void submit(UpProcess up, Map<String, ?> job)
      throws IOException, InterruptedException {
    require(up.post(up.door(0).resolve("/v1/jobs"), JSON.writeValueAsString(job)));
  }

  private static void command(UpProcess up, Map<String, ?> job, String command)
      throws IOException, InterruptedException {
    require(up.post(up.door(0).resolve("/v1/jobs/" + job.get("id") + "/" + command), "{}"));
  }

  private static void require(java.net.http.HttpResponse<String> answer) {
    if (answer.statusCode() >= 300) {
      throw new IllegalStateException(answer.body());
    }
  }

  private static JsonNode status(UpProcess up, Map<String, ?> job)
      throws IOException, InterruptedException {
    return JSON.readTree(up.get(up.door(0).resolve("/v1/jobs/" + job.get("id"))));
  }

  private static List<JsonNode> metrics(UpProcess up, Map<String, ?> job)
      throws IOException, InterruptedException {
    List<JsonNode> lines = new ArrayList<>();
    for (String line : up.get(up.door(0).resolve("/v1/jobs/" + job.get("id") + "/metrics"))
        .lines()
        .toList()) {
      lines.add(JSON.readTree(line));
    }
    return lines;
  }

  private static String memory(UpProcess up) throws IOException {
    List<String> peaks = new ArrayList<>();
    for (int worker = 1; worker <= 2; worker++) {
      for (String line : Files.readAllLines(Path.of("/proc/" + up.pid(worker) + "/status"))) {
        if (line.startsWith("VmHWM:")) {
          peaks.add(Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024 + " MiB");
        }
      }
    }
    return String.join(", ", peaks);
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().toList().get(values.size() / 2);
  }
}
