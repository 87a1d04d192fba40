package io.llmagentos.model.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.ConfigFactory;
import io.llmagentos.model.GoldenData;
import io.llmagentos.model.chat.ChatMessage;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.ChatRequest;
import io.llmagentos.model.chat.Sampling;
import io.llmagentos.model.chat.ToolChoice;
import io.llmagentos.model.serving.Models;
import io.llmagentos.model.serving.TokenListener;
import io.llmagentos.model.weights.SafetensorsWriter;
import io.llmagentos.model.weights.Tensor;
import io.llmagentos.node.Node;
import io.llmagentos.node.artifact.ArtifactId;
import io.llmagentos.node.artifact.ArtifactStore;
import io.llmagentos.node.boot.NodeBoot;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.envelope.Provenance;
import io.llmagentos.node.error.AgentOsException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Publishing in a running node, with real weights. */
class PublishedModelsTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int CONTEXT = 64;

  private final Path home = Path.of("target", "nodes", "published-" + UUID.randomUUID());

  @Test
  void shouldServeWhatIsPublishedAndChangeOverWithoutDisturbingWhatRuns() throws Exception {
    String first;
    ArtifactId two;
    try (Running node = new Running(home)) {
      ArtifactId one = node.store(model(1));
      two = node.store(model(2));
      node.registry()
          .publish("mine", one, "a test", "local")
          .toCompletableFuture()
          .join();
      await().atMost(LIMIT).until(() -> node.models().ids().contains("mine"));
      first = node.ask(TokenListener.SILENT).toCompletableFuture().join().weightVersion();

      CountDownLatch begun = new CountDownLatch(1);
      CountDownLatch mayGoOn = new CountDownLatch(1);
      CompletionStage<ChatReply> running = node.ask(text -> {
        begun.countDown();
        return goOn(mayGoOn);
      });
      assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();
      node.registry()
          .publish("mine", two, "a test", "local")
          .toCompletableFuture()
          .join();
      String before = first;
      // What still meets the first version waits behind the answer that is held there.
      await()
          .atMost(LIMIT)
          .until(() -> node.ask(TokenListener.SILENT)
              .toCompletableFuture()
              .thenApply(reply -> !reply.weightVersion().equals(before))
              .completeOnTimeout(false, 1, TimeUnit.SECONDS)
              .join());
      mayGoOn.countDown();
      assertThat(running.toCompletableFuture().join().weightVersion()).isEqualTo(first);
    }
    try (Running again = new Running(home)) {
      await().atMost(LIMIT).until(() -> again.models().ids().contains("mine"));
      String now = again.ask(TokenListener.SILENT).toCompletableFuture().join().weightVersion();
      assertThat(now).isNotEqualTo(first);
      assertThat(again.artifacts().leased("model|mine")).containsExactly(two);
      assertThat(again.delete("mine")).isEqualTo(200);
      await().atMost(LIMIT).until(() -> !again.models().ids().contains("mine"));
      await().atMost(LIMIT).until(() -> again.artifacts().leased("model|mine").isEmpty());
    }
  }

  @Test
  void shouldGoOnWithTheVersionBeforeOneThatDoesNotLoad() throws Exception {
    try (Running node = new Running(home)) {
      ArtifactId good = node.store(model(3));
      ArtifactId bad = node.artifacts().put("test", "no zip".getBytes(StandardCharsets.UTF_8));
      node.registry()
          .publish("mine", good, "a test", "local")
          .toCompletableFuture()
          .join();
      await().atMost(LIMIT).until(() -> node.models().ids().contains("mine"));
      String served =
          node.ask(TokenListener.SILENT).toCompletableFuture().join().weightVersion();
      node.registry()
          .publish("mine", bad, "a test", "local")
          .toCompletableFuture()
          .join();
      ArtifactId other = node.store(model(4));
      node.registry()
          .publish("other", other, "a test", "local")
          .toCompletableFuture()
          .join();
      await().atMost(LIMIT).until(() -> node.models().ids().contains("other"));
      assertThat(node.ask(TokenListener.SILENT).toCompletableFuture().join().weightVersion())
          .isEqualTo(served);
      assertThatThrownBy(() -> ModelArchive.requireServable(node.artifacts().locate(bad)))
          .isInstanceOf(AgentOsException.class)
          .hasMessageContaining("not a zip file");
      assertThatThrownBy(() -> node.registry().publish("no good", good, "a test", "local"))
          .isInstanceOf(AgentOsException.class)
          .hasMessageContaining("'no good'");
    }
  }

  private static boolean goOn(CountDownLatch mayGoOn) {
    try {
      return mayGoOn.await(60, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** A GPT-2 of random weights that speaks the test tokenizer. */
  private Path model(long seed) throws IOException {
    Path directory = Files.createDirectories(home.resolve("model-" + seed));
    Path tokenizer = GoldenData.resources().resolve("tokenizers/gpt2-bpe/tokenizer.json");
    Files.copy(tokenizer, directory.resolve("tokenizer.json"));
    int vocabulary = 1000;
    int width = 16;
    Files.writeString(directory.resolve("config.json"), """
        {"model_type": "gpt2", "vocab_size": %d, "n_positions": %d, "n_embd": %d, "n_layer": 1, "n_head": 2}
        """.formatted(vocabulary, CONTEXT, width));
    SplittableRandom random = new SplittableRandom(seed);
    List<Tensor> tensors = new ArrayList<>();
    tensors.add(random(random, "wte.weight", vocabulary, width));
    tensors.add(random(random, "wpe.weight", CONTEXT, width));
    tensors.add(random(random, "h.0.attn.c_attn.weight", width, 3L * width));
    tensors.add(random(random, "h.0.attn.c_attn.bias", 3L * width));
    tensors.add(random(random, "h.0.attn.c_proj.weight", width, width));
    tensors.add(random(random, "h.0.attn.c_proj.bias", width));
    tensors.add(random(random, "h.0.mlp.c_fc.weight", width, 4L * width));
    tensors.add(random(random, "h.0.mlp.c_fc.bias", 4L * width));
    tensors.add(random(random, "h.0.mlp.c_proj.weight", 4L * width, width));
    tensors.add(random(random, "h.0.mlp.c_proj.bias", width));
    for (String norm : List.of("h.0.ln_1", "h.0.ln_2", "ln_f")) {
      tensors.add(random(random, norm + ".weight", width));
      tensors.add(random(random, norm + ".bias", width));
    }
    SafetensorsWriter.write(
        directory.resolve("model.safetensors"), tensors, Map.of("format", "pt"));
    return directory;
  }

  private static Tensor random(SplittableRandom random, String name, long... shape) {
    int size = 1;
    for (long length : shape) {
      size *= (int) length;
    }
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensor.of(name, values, shape);
  }

  private record Running(Node node) implements AutoCloseable {
    Running(Path home) throws IOException {
      this(NodeBoot.start(ConfigFactory.parseString(
          """
          llmagentos.node { data-dir = "%s", artery-port = %d }
          llmagentos.http { port = %d, management-port = %d }
          llmagentos.model { nano = off, publication-poll = 50ms, local.threads = 1 }
          pekko.loglevel = WARNING
          """.formatted(home.resolve("data"), freePort(), freePort(), freePort()))));
    }

    ArtifactId store(Path model) {
      return artifacts().put("test", out -> ModelArchive.write(model, out));
    }

    ArtifactStore artifacts() {
      return node.service(ArtifactStore.class);
    }

    ModelRegistry registry() {
      return node.service(ModelRegistry.class);
    }

    Models models() {
      return node.service(Models.class);
    }

    CompletionStage<ChatReply> ask(TokenListener listener) {
      return models()
          .chat(
              new Context("local", "local", Instant.now().plus(LIMIT), "", Provenance.PRINCIPAL),
              new ChatRequest(
                  "mine",
                  List.of(ChatMessage.user("a b c")),
                  List.of(),
                  ToolChoice.AUTO,
                  new Sampling(0, 1, 8, 0, List.of())),
              listener);
    }

    int delete(String model) throws IOException, InterruptedException {
      URI uri = node.door().resolve("/v1/models/" + model);
      try (HttpClient http = HttpClient.newHttpClient()) {
        return http.send(
                HttpRequest.newBuilder(uri).DELETE().build(),
                HttpResponse.BodyHandlers.discarding())
            .statusCode();
      }
    }

    @Override
    public void close() {
      node.stop().toCompletableFuture().join();
    }

    private static int freePort() throws IOException {
      try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
        return socket.getLocalPort();
      }
    }
  }
}
