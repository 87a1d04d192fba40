package io.llmagentos.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each transport carries the cluster out of the box, large turns included; TLS keeps strangers out. */
class TransportsIT {
  private static final String PASSWORD = "for-tests-only";
  private static final String SETTINGS = """
      llmagentos.model.nano = off
      llmagentos.agent { model = scripted, zone = "Europe/Berlin" }
      llmagentos.model.models.scripted { kind = scripted, rules = [{ when = "hello", text = "Good day." }] }
      """;

  @ParameterizedTest
  @ValueSource(strings = {"tcp", "tls-tcp", "aeron-udp"})
  void shouldCarryTurnsBetweenNodes(String transport) throws IOException, InterruptedException {
    try (var cluster =
        new LocalCluster("transport-" + transport, 2, SETTINGS, "--transport=" + transport)) {
      try {
        // Members are described with their doors: each node has heard the other.
        cluster.begin();
        for (int door = 0; door < 2; door++) {
          var session = sessionOnTheOther(cluster, door);
          assertThat(say(cluster, door, session, "hello").path("answer").asText())
              .isEqualTo("Good day.");
          shouldCarryLargeTurns(transport, cluster, door, session);
        }
        if (transport.equals("tls-tcp")) {
          shouldKeepAStrangerOut(cluster);
          cluster.stop();
        }
      } catch (IOException | RuntimeException | AssertionError failed) {
        cluster.printLogs();
        throw failed;
      }
    }
  }

  private static void shouldCarryLargeTurns(
      String transport, LocalCluster cluster, int door, String session)
      throws IOException, InterruptedException {
    var emoji = "hello " + "\ud83d\ude80".repeat(261_000);
    for (var text : List.of("hello ".repeat(17_000), "hello ".repeat(174_700), emoji)) {
      long begun = System.nanoTime();
      var answer = new Door(cluster.door(door))
          .exchange(
              "/v1/sessions/" + session + "/messages",
              Map.of("turn_id", UUID.randomUUID().toString(), "content", text, "stream", false));
      var took = Duration.ofNanos(System.nanoTime() - begun);
      System.out.printf(
          "%s: a turn of %d KiB through door %d: %d %s after %d ms%n",
          transport,
          text.getBytes(StandardCharsets.UTF_8).length / 1024,
          door,
          answer.status(),
          answer.body().path("error").path("code").asText(),
          took.toMillis());
      assertThat(took).isLessThan(Duration.ofSeconds(30));
      if (answer.status() == 200) {
        assertThat(answer.body().path("answer").asText()).isEqualTo("Good day.");
      } else {
        assertThat(answer.body().path("error").path("code").asText())
            .isIn("body_too_large", "context_length_exceeded");
      }
    }
    assertThat(say(cluster, door, session, "hello").path("answer").asText()).isEqualTo("Good day.");
    var described = new Door(cluster.door(door)).get("/v1/sessions/" + session);
    assertThat(described.path("turns").size()).as("turns described").isBetween(1, 5);
  }

  /** A node with certificates of its own making, otherwise like the others. */
  private static void shouldKeepAStrangerOut(LocalCluster cluster)
      throws IOException, InterruptedException {
    var home = Files.createDirectories(cluster.data().resolveSibling("stranger"));
    var settings = home.resolve("settings.conf");
    Files.writeString(
        settings,
        SETTINGS
            + """
            llmagentos.node { transport = tls-tcp, seed-nodes = ["127.0.0.1:%d"], artery-port = %d, data-dir = "%s", join-timeout = 6s
              tls { certificate = "%s", key = "%s", ca = "%s" } }
            llmagentos.http { port = %d, management-port = %d }
            """.formatted(
                    cluster.basePort() + 200,
                    cluster.basePort() + 209,
                    home.resolve("data"),
                    ownCertificate(home),
                    home.resolve("node.key"),
                    home.resolve("node.crt"),
                    cluster.basePort() + 9,
                    cluster.basePort() + 109));
    var log = home.resolve("node.log");
    var node = new ProcessBuilder(Distribution.command("node", "--settings=" + settings))
        .redirectErrorStream(true)
        .redirectOutput(log.toFile())
        .start();
    assertThat(node.waitFor(90, TimeUnit.SECONDS)).as("the stranger gives up").isTrue();
    assertThat(node.exitValue()).isEqualTo(1);
    assertThat(Files.readString(log)).contains("unavailable: the node did not become a member");
    assertThat(new Door(cluster.door(0)).get("/v1/cluster").path("members")).hasSize(2);
  }

  private static Path ownCertificate(Path home) throws IOException, InterruptedException {
    var store = home.resolve("own.p12");
    var made = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
            "-genkeypair",
            "-alias",
            "own",
            "-dname",
            "CN=agentos",
            "-keyalg",
            "RSA",
            "-ext",
            "bc=ca:true",
            "-keystore",
            store.toString(),
            "-storepass",
            PASSWORD)
        .inheritIO()
        .start();
    assertThat(made.waitFor()).isZero();
    try (var in = Files.newInputStream(store)) {
      var keys = KeyStore.getInstance("PKCS12");
      keys.load(in, PASSWORD.toCharArray());
      pem(home.resolve("node.crt"), "CERTIFICATE", keys.getCertificate("own").getEncoded());
      pem(
          home.resolve("node.key"),
          "PRIVATE KEY",
          keys.getKey("own", PASSWORD.toCharArray()).getEncoded());
    } catch (GeneralSecurityException broken) {
      throw new IllegalStateException(broken);
    }
    return home.resolve("node.crt");
  }

  private static void pem(Path file, String kind, byte[] der) throws IOException {
    Files.writeString(
        file,
        "-----BEGIN " + kind + "-----\n" + Base64.getMimeEncoder().encodeToString(der)
            + "\n-----END " + kind + "-----\n");
  }

  private static String sessionOnTheOther(LocalCluster cluster, int door)
      throws IOException, InterruptedException {
    var through = new Door(cluster.door(door));
    while (true) {
      var session =
          through.post("/v1/sessions", Map.of("agent", "assistant")).path("id").asText();
      var node = through.get("/v1/sessions/" + session).path("node").asText();
      if (cluster.indexOfAddress(node) != door) {
        return session;
      }
    }
  }

  private static JsonNode say(LocalCluster cluster, int door, String session, String text)
      throws IOException, InterruptedException {
    return new Door(cluster.door(door)).say(session, UUID.randomUUID().toString(), text);
  }
}
