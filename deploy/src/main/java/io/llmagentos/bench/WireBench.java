package io.llmagentos.bench;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.llmagentos.agent.session.Session;
import io.llmagentos.node.Subsystems;
import io.llmagentos.node.boot.WireTypes;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.wire.WireSetup;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.pekko.actor.AbstractActor;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.BootstrapSetup;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.actor.Props;
import org.apache.pekko.actor.setup.ActorSystemSetup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The platform's wire against plain Pekko, two JVMs on loopback, same transport, same run: a message of about 100 bytes as Pekko's own String, as Pekko's
 * Jackson CBOR and as a registered wire message.
 */
@Command(
    name = "wire",
    mixinStandardHelpOptions = true,
    description = "Messages a second and round trips between two JVMs.")
final class WireBench implements Callable<Integer> {
  private static final String TEXT = "x".repeat(80);

  @Option(names = "--echo", hidden = true, description = "Be the other side.")
  private boolean echo;

  @Option(
      names = "--rounds",
      description = "Interleaved rounds, whose median counts (default: ${DEFAULT-VALUE}).")
  private int rounds = 3;

  @Option(
      names = "--messages",
      description = "Messages of a throughput round (default: ${DEFAULT-VALUE}).")
  private int messages = 300_000;

  /** About 100 bytes for Jackson. */
  public record CborMessage(String code, String message) {}

  /** Answers a round trip, and the last of a stream. */
  static final class Echo extends AbstractActor {
    private long received;

    @Override
    public Receive createReceive() {
      return receiveBuilder()
          .match(String.class, text -> text.startsWith("last"), text -> {
            getSender().tell("last " + received, getSelf());
            received = 0;
          })
          .match(
              String.class, text -> text.startsWith("?"), text -> getSender().tell(text, getSelf()))
          .match(
              CborMessage.class,
              message -> message.code().equals("?"),
              message -> getSender().tell(message, getSelf()))
          .match(
              Session.Rejected.class,
              message -> message.code() == ErrorCode.CONFLICT,
              message -> getSender().tell(message, getSelf()))
          .matchAny(message -> received++)
          .build();
    }
  }

  @Override
  public Integer call() throws Exception {
    ActorSystem system = ActorSystem.create(
        "bench",
        ActorSystemSetup.create(
            BootstrapSetup.create(config()), new WireSetup(WireTypes.of(Subsystems.discover()))));
    try {
      if (echo) {
        ActorRef ref = system.actorOf(Props.create(Echo.class, Echo::new), "echo");
        System.out.println("echo "
            + ref.path()
                .toSerializationFormatWithAddress(
                    ((ExtendedActorSystem) system).provider().getDefaultAddress()));
        System.in.transferTo(java.io.OutputStream.nullOutputStream());
        return 0;
      }
      Process other = otherSide();
      try {
        measure(system, resolve(system, other));
      } finally {
        other.destroyForcibly();
      }
      return 0;
    } finally {
      system.terminate();
    }
  }

  private static Config config() {
    return ConfigFactory.parseString("""
            pekko.remote.artery.canonical { hostname = "127.0.0.1", port = 0 }
            pekko.actor.serialization-bindings { "io.llmagentos.bench.WireBench$CborMessage" = jackson-cbor }
            pekko.cluster.downing-provider-class = ""
            pekko.actor.provider = remote
            pekko.remote.use-unsafe-remote-features-outside-cluster = on
            pekko.remote.warn-unsafe-watch-outside-cluster = off
            pekko.loglevel = WARNING
            pekko.remote.artery.advanced.outbound-message-queue-size = 400000
            """)
        .withFallback(ConfigFactory.parseResources("llmagentos-pekko.conf"))
        .withFallback(ConfigFactory.load());
  }

  private static Process otherSide() throws IOException {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElse("java"));
    command.addAll(java.lang.management.ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of(
        "-cp",
        System.getProperty("java.class.path"),
        "io.llmagentos.node.cli.Main",
        "bench",
        "wire",
        "--echo"));
    return new ProcessBuilder(command)
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  private static ActorRef resolve(ActorSystem system, Process other) throws Exception {
    BufferedReader out =
        new BufferedReader(new InputStreamReader(other.getInputStream(), StandardCharsets.UTF_8));
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      if (line.startsWith("echo ")) {
        return system
            .actorSelection(line.substring(5))
            .resolveOne(Duration.ofSeconds(10))
            .toCompletableFuture()
            .get();
      }
    }
    throw new IOException("the other side did not start");
  }

  private void measure(ActorSystem system, ActorRef echoRef) throws Exception {
    Map<String, Object[]> kinds = new TreeMap<>(Map.of(
        "plain Pekko, String", new Object[] {TEXT, "?" + TEXT},
        "plain Pekko, Jackson CBOR",
            new Object[] {new CborMessage("x", TEXT), new CborMessage("?", TEXT)},
        "LLMAgentOS wire, Kryo",
            new Object[] {
              new Session.Rejected(ErrorCode.NOT_FOUND, TEXT),
              new Session.Rejected(ErrorCode.CONFLICT, TEXT)
            }));
    Map<String, List<double[]>> results = new TreeMap<>();
    for (int round = 0; round <= rounds; round++) {
      for (Map.Entry<String, Object[]> kind : kinds.entrySet()) {
        double rate = throughput(system, echoRef, kind.getValue()[0]);
        double[] trips = roundTrips(system, echoRef, kind.getValue()[1]);
        if (round > 0) { // the first warms up
          results
              .computeIfAbsent(kind.getKey(), key -> new ArrayList<>())
              .add(new double[] {rate, trips[0], trips[1]});
        }
      }
    }
    results.forEach((kind, rows) -> System.out.printf(
        "%-28s %9.0f tells/s   round trip p50 %6.0f us, p99 %6.0f us%n",
        kind, median(rows, 0), median(rows, 1), median(rows, 2)));
  }

  private static double median(List<double[]> rows, int column) {
    double[] values = rows.stream().mapToDouble(row -> row[column]).sorted().toArray();
    return values[values.length / 2];
  }

  private double throughput(ActorSystem system, ActorRef echoRef, Object message) throws Exception {
    CountDownLatch window = new CountDownLatch(1);
    AtomicReference<Object> answer = new AtomicReference<>();
    ActorRef sink = system.actorOf(Props.create(
        Listener.class,
        () -> new Listener(reply -> {
          answer.set(reply);
          window.countDown();
        })));
    long started = System.nanoTime();
    for (int i = 0; i < messages; i++) {
      echoRef.tell(message, ActorRef.noSender());
    }
    echoRef.tell("last", sink);
    if (!window.await(60, TimeUnit.SECONDS)) {
      throw new IllegalStateException("the stream did not arrive");
    }
    double seconds = (System.nanoTime() - started) / 1e9;
    system.stop(sink);
    long received = Long.parseLong(String.valueOf(answer.get()).substring(5));
    return received / seconds;
  }

  private static double[] roundTrips(ActorSystem system, ActorRef echoRef, Object message)
      throws Exception {
    int trips = 5_000;
    double[] micros = new double[trips];
    BlockingQueue<Object> heard = new LinkedBlockingQueue<>();
    ActorRef sink = system.actorOf(Props.create(Listener.class, () -> new Listener(heard::add)));
    for (int i = 0; i < trips; i++) {
      long sent = System.nanoTime();
      echoRef.tell(message, sink);
      if (heard.poll(10, TimeUnit.SECONDS) == null) {
        throw new IllegalStateException("round trip " + i + " was not answered");
      }
      micros[i] = (System.nanoTime() - sent) / 1e3;
    }
    system.stop(sink);
    Arrays.sort(micros);
    return new double[] {micros[trips / 2], micros[trips * 99 / 100]};
  }

  /** Passes on what it hears. */
  static final class Listener extends AbstractActor {
    private final java.util.function.Consumer<Object> heard;

    Listener(java.util.function.Consumer<Object> heard) {
      this.heard = heard;
    }

    @Override
    public Receive createReceive() {
      return receiveBuilder().matchAny(heard::accept).build();
    }
  }
}
