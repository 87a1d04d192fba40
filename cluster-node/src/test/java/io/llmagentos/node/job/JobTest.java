package io.llmagentos.node.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.ConfigFactory;
import io.llmagentos.node.Node;
import io.llmagentos.node.artifact.ArtifactId;
import io.llmagentos.node.artifact.ArtifactStore;
import io.llmagentos.node.boot.NodeBoot;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.envelope.Provenance;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
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
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class JobTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration LIMIT = Duration.ofSeconds(40);

  private static @Nullable Node started;
  private static @Nullable Path data;
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  @BeforeAll
  static void start() throws IOException {
    data = Files.createTempDirectory(Files.createDirectories(Path.of("target/nodes")), "node");
    started = NodeBoot.start(
        ConfigFactory.parseString("""
        llmagentos.node { data-dir = "%s", artery-port = %d }
        llmagentos.http { port = %d, management-port = %d }
        llmagentos.jobs { cores = 4, quotas { poor = 1 } }
        pekko.loglevel = WARNING
        """.formatted(data, freePort(), freePort(), freePort())));
  }

  @AfterAll
  static void stop() {
    node().stop().toCompletableFuture().join();
  }

  @Test
  void shouldRunAJobToItsEndAndTellItsProgress() throws Exception {
    String id = submit("type: test/count\nname: to three\nuntil: 3\n");
    JsonNode job = awaitStatus(id, "completed");
    assertThat(job.path("summary").path("count").asInt()).isEqualTo(3);
    assertThat(job.path("reason").asText()).isEqualTo("counted");
    assertThat(job.path("checkpoints")).hasSize(2);
    ArtifactStore artifacts = node().service(ArtifactStore.class);
    assertThat(artifacts.read(
            new ArtifactId(job.path("checkpoints").path(1).path("artifact").asText())))
        .isEqualTo("3".getBytes(StandardCharsets.UTF_8));
    assertThat(get("/v1/jobs/" + id + "/metrics", "").body())
        .isEqualTo("{\"count\":1}\n{\"count\":2}\n{\"count\":3}\n");
    assertThat(get("/v1/jobs/" + id + "/metrics?after=1", "text/event-stream").body())
        .contains("id: 2\nevent: metrics\ndata: {\"count\":2}")
        .contains("id: 3\n")
        .contains("event: status")
        .contains("\"status\":\"completed\"")
        .doesNotContain("{\"count\":1}");
    await()
        .atMost(LIMIT)
        .untilAsserted(() -> assertThat(get("/v1/jobs", "").body())
            .contains("\"id\":\"" + id + "\"")
            .contains("\"name\":\"to three\""));
  }

  @Test
  void shouldPauseAndGoOnFromItsCheckpoint() throws Exception {
    String id = submit("{\"type\": \"test/count\", \"until\": 4, \"hold_at\": 2}");
    await()
        .atMost(LIMIT)
        .untilAsserted(() ->
            assertThat(get("/v1/jobs/" + id + "/metrics", "").body()).contains("{\"count\":2}"));
    post("/v1/jobs/" + id + "/pause", "");
    awaitStatus(id, "paused");
    assertThat(post("/v1/jobs/" + id + "/resume", "").statusCode()).isEqualTo(200);
    JsonNode again = awaitStatus(id, "running");
    assertThat(again.path("epoch").asInt()).isEqualTo(2);
    assertThat(post("/v1/jobs/" + id + "/cancel", "").statusCode()).isEqualTo(200);
    JsonNode ended = awaitStatus(id, "cancelled");
    assertThat(ended.path("checkpoints").path(1).path("iteration").asInt()).isEqualTo(2);
    assertThat(post("/v1/jobs/" + id + "/resume", "").statusCode()).isEqualTo(409);
  }

  @Test
  void shouldFailAfterItsDriverFailedTooOften() throws Exception {
    String id = submit("type: test/count\nuntil: 5\nfail_at: 2\nmax_failures: 1\n");
    JsonNode job = awaitStatus(id, "failed");
    assertThat(job.path("reason").asText())
        .contains("lost its driver 2 times")
        .contains("cannot count to 2");
    assertThat(job.path("epoch").asInt()).isEqualTo(2);
  }

  @Test
  void shouldQueueWithTheReasonAndRunWhenRoomIsThere() throws Exception {
    String holder = submit("type: test/count\nuntil: 9\nhold_at: 1\nworkers: 2\n");
    awaitStatus(holder, "running");
    String waiting = submit("type: test/count\nuntil: 1\nworkers: 2\n");
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () -> assertThat(json("/v1/jobs/" + waiting).path("reason").asText())
                .contains("of 1 core on nodes with the role"));
    post("/v1/jobs/" + holder + "/cancel", "");
    awaitStatus(waiting, "completed");
  }

  @Test
  void shouldFenceADriverOfAnEarlierEpoch() throws Exception {
    String id = submit("type: test/count\nuntil: 9\nhold_at: 1\n");
    awaitStatus(id, "running");
    assertThat(driver(id, 0).commit(new byte[] {9}, 9, 2).toCompletableFuture())
        .failsWithin(LIMIT)
        .withThrowableOfType(java.util.concurrent.ExecutionException.class)
        .matches(e -> DriverContext.isFenced(Objects.requireNonNull(e.getCause())));
    post("/v1/jobs/" + id + "/cancel", "");
  }

  private static DriverContext driver(String id, long epoch) {
    return new DriverContext(
        new JobKey("local", id),
        epoch,
        new JobSpec("test/count", "stale", 0, 0, "{}"),
        java.util.Optional.empty(),
        node().service(Jobs.class),
        artifacts(),
        Runnable::run);
  }

  private static ArtifactStore artifacts() {
    return node().service(ArtifactStore.class);
  }

  @Test
  void shouldDeleteAJobThatHasEnded() throws Exception {
    String body = "{\"id\": \"passing\", \"type\": \"test/count\", \"until\": 2}";
    assertThat(post("/v1/jobs", body).statusCode()).isEqualTo(201);
    awaitStatus("passing", "completed");
    String holder = new JobKey("local", "passing").holder();
    assertThat(artifacts().leased(holder)).as("its checkpoints").hasSize(2);
    awaitListed("passing", true);

    HttpResponse<String> deleted = delete("passing");
    assertThat(deleted.statusCode()).as(deleted.body()).isEqualTo(200);
    assertThat(JSON.readTree(deleted.body()).path("deleted").asBoolean()).isTrue();
    assertThat(artifacts().leased(holder)).isEmpty();
    assertThat(get("/v1/jobs/passing", "").statusCode()).isEqualTo(404);
    assertThat(post("/v1/jobs/passing/cancel", "").statusCode()).isEqualTo(404);
    assertThat(delete("passing").statusCode()).as("again").isEqualTo(200);
    assertThat(delete("nobody").statusCode()).isEqualTo(404);
    awaitListed("passing", false);

    assertThat(post("/v1/jobs", body.replace("2}", "1}")).statusCode()).isEqualTo(201);
    JsonNode again = awaitStatus("passing", "completed");
    assertThat(again.path("epoch").asInt()).as("what ran before is fenced").isEqualTo(2);
    assertThat(again.path("summary").path("count").asInt()).isEqualTo(1);
    assertThat(artifacts().leased(holder)).hasSize(1);
    awaitListed("passing", true);
  }

  @Test
  void shouldNotDeleteAJobThatRuns() throws Exception {
    String id = submit("type: test/count\nuntil: 9\nhold_at: 1\n");
    awaitStatus(id, "running");
    HttpResponse<String> refused = delete(id);
    assertThat(refused.statusCode()).isEqualTo(409);
    assertThat(refused.body()).contains("conflict").contains("cannot be deleted; cancel it");
    post("/v1/jobs/" + id + "/cancel", "");
    awaitStatus(id, "cancelled");
    assertThat(delete(id).statusCode()).isEqualTo(200);
  }

  /** The entity's node dies once the deletion is in the journal, before anything is released: the durable timer wakes it elsewhere. */
  @Test
  void shouldReleaseWhatADeletedJobHeldAfterItsDeath() {
    JobKey key = new JobKey("local", "half-deleted");
    artifacts().put(key.holder(), new byte[] {7});
    Queue<Runnable> never = new ConcurrentLinkedQueue<>();
    ActorSystem<?> system = node().system();
    ActorRef<Job.Command> dying = system.systemActorOf(
        Job.create(
            key.entityId(),
            new Job.Dependencies(
                Clock.offset(node().clock(), Duration.ofSeconds(5)), // its timer is not due yet
                system.ignoreRef(),
                node().service(JobKinds.class),
                artifacts(),
                never::add,
                new AtomicInteger())),
        "dying-job",
        Props.empty());
    Context context = new Context("local", "local", Instant.MAX, "", Provenance.PRINCIPAL);
    JobSpec spec = JobSpec.parse("type: test/count\nuntil: 1".getBytes(StandardCharsets.UTF_8));
    ask(dying, replyTo -> new Job.Submit(context, spec, replyTo));
    ask(dying, Job.Cancel::new);
    dying.tell(new Job.Delete(system.ignoreRef()));
    await().atMost(LIMIT).until(() -> !never.isEmpty());
    Adapter.toClassic(system).stop(Adapter.toClassic(dying));
    await().atMost(LIMIT).until(() -> artifacts().leased(key.holder()).isEmpty());
  }

  private static void ask(
      ActorRef<Job.Command> job, Function<ActorRef<Job.Reply>, Job.Command> message) {
    assertThat(AskPattern.<Job.Command, Job.Reply>ask(
                job, message::apply, LIMIT, node().system().scheduler())
            .toCompletableFuture())
        .succeedsWithin(LIMIT)
        .isInstanceOf(Job.Description.class);
  }

  @Test
  void shouldLeaveWhatWasStoredAndNeverCommittedToTheSweep() throws Exception {
    String id = submit("type: test/count\nuntil: 9\nhold_at: 1\n");
    await().atMost(LIMIT).until(() -> json("/v1/jobs/" + id).path("checkpoints").size() == 1);
    byte[] stray = "stored, then killed".getBytes(StandardCharsets.UTF_8);
    DriverContext killed = driver(id, 0);
    assertThat(killed.commit(stray, 9, 2).toCompletableFuture()).failsWithin(LIMIT);
    ArtifactId stored = artifacts().put(stray);
    assertThat(artifacts().contains(stored)).isTrue();

    artifacts().sweep(Duration.ofHours(1));
    assertThat(artifacts().contains(stored)).as("young").isTrue();
    ArtifactStore later = ArtifactStore.open(
        data().resolve("artifacts"),
        Clock.fixed(Instant.now().plus(Duration.ofHours(2)), ZoneOffset.UTC));
    later.sweep(Duration.ofHours(1));
    assertThat(artifacts().contains(stored)).isFalse();
    String committed =
        json("/v1/jobs/" + id).path("checkpoints").path(0).path("artifact").asText();
    assertThat(artifacts().contains(new ArtifactId(committed))).isTrue();
    post("/v1/jobs/" + id + "/cancel", "");
  }

  @Test
  void shouldFindTheSameJobWhenItIsSubmittedAgain() throws Exception {
    String body = "{\"id\": \"mine\", \"type\": \"test/count\", \"until\": 1}";
    assertThat(post("/v1/jobs", body).statusCode()).isEqualTo(201);
    assertThat(post("/v1/jobs", body).statusCode()).isEqualTo(201);
    awaitStatus("mine", "completed");
    assertThat(post("/v1/jobs", body.replace("1}", "2}")).statusCode()).isEqualTo(409);
  }

  @Test
  void shouldRefuseWhatIsNoJob() throws Exception {
    assertThat(error("type: test/cuont\nuntil: 3")).contains("did you mean test/count?");
    assertThat(error("until: 3")).contains("the key 'type' is missing");
    assertThat(error("type: test/count\nuntil: many")).contains("until must be a whole number");
    assertThat(error("type: test/count\nuntil: 3\npriority: 101")).contains("-100 to 100, is 101");
    assertThat(error("- a\n- b")).contains("a job is a mapping");
    assertThat(error("{\"type\": [")).contains("neither YAML nor JSON");
    assertThat(error("type: test/count\nuntil: 3\nid: ../../x")).contains("letters, digits");
    assertThat(get("/v1/jobs/nobody", "").statusCode()).isEqualTo(404);
    assertThat(post("/v1/jobs/nobody/cancel", "").statusCode()).isEqualTo(404);
    assertThat(get("/v1/jobs/nobody/metrics", "text/event-stream").statusCode()).isEqualTo(404);
  }

  @Test
  void shouldAnswerJavaAsItAnswersHttp() {
    Jobs jobs = node().service(Jobs.class);
    assertThat(jobs.describe(new JobKey("local", "unknown"), 0).toCompletableFuture())
        .failsWithin(LIMIT)
        .withThrowableOfType(java.util.concurrent.ExecutionException.class)
        .matches(
            e -> cause(e) instanceof AgentOsException typed && typed.code() == ErrorCode.NOT_FOUND);
  }

  private static Throwable cause(Throwable e) {
    Throwable cause = Objects.requireNonNull(e.getCause());
    return cause instanceof CompletionException && cause.getCause() != null
        ? cause.getCause()
        : cause;
  }

  private static String error(String body) throws Exception {
    HttpResponse<String> response = post("/v1/jobs", body);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
    return JSON.readTree(response.body()).path("error").path("message").asText();
  }

  private static String submit(String body) throws Exception {
    HttpResponse<String> response = post("/v1/jobs", body);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(201);
    return JSON.readTree(response.body()).path("id").asText();
  }

  private static JsonNode awaitStatus(String id, String status) throws Exception {
    await("status " + status)
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(50))
        .until(() -> json("/v1/jobs/" + id).path("status").asText().equals(status));
    return json("/v1/jobs/" + id);
  }

  private static void awaitListed(String id, boolean listed) {
    await()
        .atMost(LIMIT)
        .until(() -> get("/v1/jobs", "").body().contains("\"id\":\"" + id + "\"") == listed);
  }

  private static HttpResponse<String> delete(String id) throws Exception {
    return HTTP.send(
        HttpRequest.newBuilder(door().resolve("/v1/jobs/" + id))
            .timeout(LIMIT)
            .DELETE()
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static JsonNode json(String path) throws Exception {
    return JSON.readTree(get(path, "").body());
  }

  private static HttpResponse<String> get(String path, String accept) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(door().resolve(path)).timeout(LIMIT);
    if (!accept.isEmpty()) {
      request.header("Accept", accept);
    }
    return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private static HttpResponse<String> post(String path, String body) throws Exception {
    return HTTP.send(
        HttpRequest.newBuilder(door().resolve(path))
            .timeout(LIMIT)
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static URI door() {
    return node().door();
  }

  private static Path data() {
    return Objects.requireNonNull(data);
  }

  private static Node node() {
    return Objects.requireNonNull(started);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
