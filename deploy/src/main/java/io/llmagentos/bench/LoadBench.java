package io.llmagentos.bench;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Whether nodes on a machine without a free cycle take each other for dead: three {@code core} nodes, twice as many busy threads as there are cores,
 * and one client at each door that says turn after turn. Fails when a member was downed or a process ended.
 */
@Command(
    name = "load",
    mixinStandardHelpOptions = true,
    description = "Members that are downed while every core is busy: there must be none.")
final class LoadBench implements Callable<Integer> {
  private static final int NODES = 3;
  private static final int TURNS_A_SESSION = 20;
  private static final int PROGRESS_SECONDS = 30;
  private static final String SETTINGS = """
      llmagentos.agent { model = scripted, zone = UTC }
      llmagentos.model.models.scripted {
        kind = scripted
        rules = [{ when = "on the (?<housePlace>kitchen)", call = iot_hue_lighton }, { when = "off the (?<housePlace>kitchen)", call = iot_hue_lightoff }]
      }
      """;

  @Option(names = "--minutes", description = "Of full load (default: ${DEFAULT-VALUE}).")
  private int minutes = 10;

  private final AtomicLong answered = new AtomicLong();
  private final AtomicLong askedAgain = new AtomicLong();
  private final AtomicLong worstNanos = new AtomicLong();
  private volatile boolean over;

  @Override
  public Integer call() throws IOException, InterruptedException {
    try (UpProcess up = UpProcess.start(NODES, Optional.of(SETTINGS))) {
      for (int node = 0; node < NODES; node++) {
        open(up, node);
      }
      List<Thread> clients = new ArrayList<>();
      for (int node = 0; node < NODES; node++) {
        int door = node;
        clients.add(Thread.ofPlatform().start(() -> talk(up, door)));
      }
      int busy = 2 * Runtime.getRuntime().availableProcessors();
      for (int i = 0; i < busy; i++) {
        Thread.ofPlatform().daemon().name("busy-" + i).start(this::burn);
      }
      System.out.printf("%d nodes, %d busy threads, %d min%n", NODES, busy, minutes);
      long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(minutes);
      while (System.nanoTime() < end) {
        TimeUnit.SECONDS.sleep(Math.clamp(
            TimeUnit.NANOSECONDS.toSeconds(end - System.nanoTime()), 1, PROGRESS_SECONDS));
        System.out.println(progress());
      }
      over = true;
      for (Thread client : clients) {
        client.join();
      }
      return report(up);
    }
  }

  private int report(UpProcess up) throws IOException, InterruptedException {
    long unreachable = 0;
    long downed = 0;
    for (int node = 0; node < NODES; node++) {
      String metrics = up.get(up.management(node).resolve("/metrics"));
      unreachable += counter(metrics, "llmagentos_cluster_unreachable_total");
      downed += counter(metrics, "llmagentos_cluster_downed_total");
    }
    long ended =
        up.output().lines().filter(line -> line.contains("exited unexpectedly")).count();
    System.out.printf(
        "members seen unreachable %d times, downed %d, processes that ended %d; %s%n",
        unreachable, downed, ended, progress());
    return downed + ended == 0 ? 0 : 1;
  }

  private String progress() {
    return "turns answered %d, asked again %d, worst answer %.1f s"
        .formatted(answered.get(), askedAgain.get(), worstNanos.get() / 1e9);
  }

  private static long counter(String metrics, String name) {
    Matcher line =
        Pattern.compile("(?m)^" + name + "(?:\\{[^}]*})? ([0-9.E]+)$").matcher(metrics);
    if (!line.find()) {
      throw new IllegalStateException("no " + name + " among the metrics");
    }
    return (long) Double.parseDouble(line.group(1));
  }

  private static URI open(UpProcess up, int node) throws IOException, InterruptedException {
    String id = up.untilAnswered(
            up.door(node).resolve("/v1/sessions"), "{\"agent\": \"assistant\"}")
        .path("id")
        .asText();
    return URI.create("/v1/sessions/" + id + "/messages");
  }

  private void talk(UpProcess up, int door) {
    try {
      while (!over) {
        URI session = open(up, door);
        for (int turn = 0; turn < TURNS_A_SESSION && !over; turn++) {
          say(
              up,
              door,
              session,
              turn % 2 == 0 ? "turn on the kitchen light" : "turn off the kitchen light");
        }
      }
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The same turn until it is answered, each time through the next door. */
  private void say(UpProcess up, int firstDoor, URI session, String text)
      throws InterruptedException {
    String body = "{\"turn_id\": \"%s\", \"content\": \"%s\"}".formatted(UUID.randomUUID(), text);
    long asked = System.nanoTime();
    for (int door = firstDoor; ; door = (door + 1) % NODES) {
      try {
        HttpResponse<String> response = up.post(up.door(door).resolve(session), body);
        if (response.statusCode() == 200) {
          answered.incrementAndGet();
          worstNanos.accumulateAndGet(System.nanoTime() - asked, Math::max);
          return;
        }
      } catch (IOException lost) {
        // asked again
      }
      askedAgain.incrementAndGet();
    }
  }

  private void burn() {
    double value = 1;
    while (!over) {
      value = Math.sin(value) + 1;
    }
    if (Double.isNaN(value)) {
      throw new IllegalStateException("the sine of a number is a number");
    }
  }
}
