package io.llmagentos.agent.tool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class HostedToolTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final Duration LONG = Duration.ofMinutes(10);
  private static final ToolResult PAID = ToolResult.text("paid");
  private static final ScriptedTool.Line OFFLINE = request -> {
    throw new ToolRefusal("nobody listens", new ConnectException("refused"));
  };
  private static final ScriptedTool.Line BROKEN = request -> {
    throw new IOException("connection reset");
  };

  private Instant now = START;
  private final Clock clock = new Clock() {
    @Override
    public Instant instant() {
      return now;
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      throw new UnsupportedOperationException();
    }
  };

  private static ToolSettings settings() {
    return new ToolSettings(
        3,
        Duration.ofMinutes(1),
        Duration.ofHours(1),
        new ToolSettings.Breaker(4, 50, Duration.ofSeconds(30)),
        1,
        100);
  }

  private Tool hosted(Tool tool) {
    return hosted(tool, 0);
  }

  private Tool hosted(Tool tool, double drawn) {
    return new HostedTool(tool, settings(), clock, alwaysDrawing(drawn));
  }

  private static RandomGenerator alwaysDrawing(double drawn) {
    return new RandomGenerator() {
      @Override
      public long nextLong() {
        throw new UnsupportedOperationException();
      }

      @Override
      public double nextDouble() {
        return drawn;
      }
    };
  }

  private ToolRequest pay(Duration patience) {
    return ScriptedTool.request("{\"amount\":5}", now, patience);
  }

  private static ToolTraits effect(Duration timeout, int maxConcurrent) {
    return new ToolTraits(false, false, false, timeout, maxConcurrent);
  }

  @Test
  void shouldRefuseArgumentsByPlaceAndRuleBeforeTheCall() {
    ScriptedTool tool = new ScriptedTool(ToolTraits.EFFECT, "", request -> PAID);
    assertThatThrownBy(() -> hosted(tool).call(ScriptedTool.request("{\"amount\":0}", now, LONG)))
        .isInstanceOf(ToolRefusal.class)
        .hasMessageContaining("'pay'")
        .hasMessageContaining("/amount")
        .hasMessageContaining("minimum");
    assertThatThrownBy(() -> hosted(tool).call(ScriptedTool.request("{}", now, LONG)))
        .isInstanceOf(ToolRefusal.class)
        .hasMessageContaining("required");
    assertThatThrownBy(() -> hosted(tool).call(ScriptedTool.request("{\"amount\"", now, LONG)))
        .isInstanceOf(ToolRefusal.class)
        .hasMessageContaining("JSON");
    assertThat(tool.calls()).isZero();
  }

  @Test
  void shouldFetchNothingThatASchemaRefersTo() throws Exception {
    AtomicInteger fetched = new AtomicInteger();
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", exchange -> {
      fetched.incrementAndGet();
      exchange.sendResponseHeaders(404, -1);
      exchange.close();
    });
    server.start();
    try {
      String schema = "{\"$ref\":\"http://127.0.0.1:%d/schema\"}"
          .formatted(server.getAddress().getPort());
      assertThat(new ToolSchema(schema).problem("{}")).isPresent();
      assertThat(fetched).hasValue(0);
    } finally {
      server.stop(0);
    }
  }

  @Test
  void shouldCheckByTheDraftThatASchemaNames() {
    String draft7 = """
        {"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"a":{"type":"string"}}}""";
    assertThat(new ToolSchema(draft7).problem("{\"a\":\"x\"}")).isEmpty();
    assertThat(new ToolSchema(draft7).problem("{\"a\":1}").orElseThrow()).contains("/a");
    assertThat(new ToolSchema("{\"type\":").problem("{}")).isPresent();
  }

  @Test
  void shouldSayWhenAToolLies() throws Exception {
    ToolResult lie = new ToolResult("5", "{\"amount\":\"five\"}", false);
    Tool reading =
        hosted(new ScriptedTool(ToolTraits.READ_ONLY, ScriptedTool.AMOUNT, request -> lie));
    ToolResult result = reading.call(pay(LONG));
    assertThat(result.error()).isTrue();
    assertThat(result.text()).contains("not what it declares", "/amount");
    assertThat(result.structured()).isEmpty();

    Tool paying = hosted(new ScriptedTool(ToolTraits.EFFECT, ScriptedTool.AMOUNT, request -> lie));
    assertThatThrownBy(() -> paying.call(pay(LONG)))
        .isNotInstanceOf(ToolRefusal.class)
        .hasMessageContaining("unknown");

    Tool silent =
        hosted(new ScriptedTool(ToolTraits.READ_ONLY, ScriptedTool.AMOUNT, request -> PAID));
    assertThat(silent.call(pay(LONG)).text()).contains("gave none");
  }

  @Test
  void shouldGiveUpInTimeAndInterrupt() throws Exception {
    CountDownLatch interrupted = new CountDownLatch(1);
    ScriptedTool hanging = new ScriptedTool(effect(Duration.ofMillis(50), 1), "", request -> {
      try {
        new CountDownLatch(1).await();
      } catch (InterruptedException e) {
        interrupted.countDown();
      }
      return PAID;
    });
    assertThatThrownBy(() -> hosted(hanging).call(pay(LONG)))
        .isInstanceOf(TimeoutException.class)
        .hasMessageContaining("'pay'")
        .hasMessageContaining("50 ms");
    assertThat(interrupted.await(1, TimeUnit.MINUTES)).isTrue();
    assertThat(hanging.calls()).isEqualTo(1);
  }

  @Test
  void shouldTellATheToolUntilWhenItIsWaitedFor() throws Exception {
    ScriptedTool tool = new ScriptedTool(
        effect(Duration.ofMinutes(2), 1),
        "",
        request -> ToolResult.text(request.context().deadline().toString()));
    assertThat(hosted(tool).call(pay(LONG)).text()).isEqualTo("2026-01-01T00:02:00Z");
    assertThat(hosted(tool).call(pay(Duration.ofMinutes(1))).text())
        .isEqualTo("2026-01-01T00:01:00Z");
    assertThatThrownBy(() -> hosted(tool).call(pay(Duration.ZERO))).isInstanceOf(ToolRefusal.class);
  }

  @Test
  void shouldTryAgainWhereThatDoesNoHarm() throws Exception {
    ScriptedTool reading =
        new ScriptedTool(ToolTraits.READ_ONLY, "", BROKEN, BROKEN, request -> PAID);
    assertThat(hosted(reading).call(pay(LONG))).isEqualTo(PAID);
    assertThat(reading.calls()).isEqualTo(3);

    ScriptedTool unreached = new ScriptedTool(ToolTraits.EFFECT, "", OFFLINE, request -> PAID);
    assertThat(hosted(unreached).call(pay(LONG))).isEqualTo(PAID);

    ScriptedTool paying = new ScriptedTool(ToolTraits.EFFECT, "", BROKEN);
    assertThatThrownBy(() -> hosted(paying).call(pay(LONG))).isInstanceOf(IOException.class);
    assertThat(paying.calls()).isEqualTo(1);
  }

  @Test
  void shouldNotTryAgainWhatWasRefused() {
    ScriptedTool refusing = new ScriptedTool(ToolTraits.READ_ONLY, "", request -> {
      throw new ToolRefusal("no such order");
    });
    assertThatThrownBy(() -> hosted(refusing).call(pay(LONG))).hasMessage("no such order");
    assertThat(refusing.calls()).isEqualTo(1);
  }

  @Test
  void shouldKeepAnOutcomeUnknownThatALaterRefusalDoesNotTell() {
    ScriptedTool idempotent = new ScriptedTool(
        new ToolTraits(false, true, false, Duration.ofSeconds(30), 1), "", BROKEN, OFFLINE);
    assertThatThrownBy(() -> hosted(idempotent).call(pay(LONG)))
        .isInstanceOf(IOException.class)
        .hasMessage("connection reset");
    assertThat(idempotent.calls()).isEqualTo(3);
  }

  @Test
  void shouldNotTryAgainBeyondTheDeadline() {
    ScriptedTool reading = new ScriptedTool(ToolTraits.READ_ONLY, "", BROKEN);
    assertThatThrownBy(() -> hosted(reading, 0.9).call(pay(Duration.ofSeconds(50))))
        .isInstanceOf(IOException.class);
    assertThat(reading.calls()).isEqualTo(1);
  }

  @Test
  void shouldLetAToolAloneThatKeepsFailingUntilItIsTimeToSee() throws Exception {
    ScriptedTool tool = new ScriptedTool(
        ToolTraits.EFFECT, "", BROKEN, BROKEN, BROKEN, BROKEN, BROKEN, request -> PAID);
    Tool hosted = hosted(tool);
    for (int i = 0; i < 4; i++) {
      assertThatThrownBy(() -> hosted.call(pay(LONG))).isInstanceOf(IOException.class);
    }
    assertThatThrownBy(() -> hosted.call(pay(LONG)))
        .isInstanceOf(ToolRefusal.class)
        .hasMessageContaining("again in 30 s");
    assertThat(tool.calls()).isEqualTo(4);

    now = now.plusSeconds(31);
    assertThatThrownBy(() -> hosted.call(pay(LONG))).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> hosted.call(pay(LONG))).hasMessageContaining("again in 30 s");
    now = now.plusSeconds(31);
    assertThat(hosted.call(pay(LONG))).isEqualTo(PAID);
    assertThat(hosted.call(pay(LONG))).isEqualTo(PAID);
  }

  /** One that is called once at a time, and answers when it may. */
  private static ScriptedTool held(CountDownLatch arrived, CountDownLatch goOn) {
    return new ScriptedTool(effect(LONG, 1), "", request -> {
      arrived.countDown();
      goOn.await();
      return PAID;
    });
  }

  @Test
  void shouldLetCallsWaitWhileAsManyRunAsMayAndRefuseMore() throws Exception {
    CountDownLatch arrived = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    ScriptedTool tool = held(arrived, goOn);
    Tool hosted = hosted(tool);
    CompletableFuture<ToolResult> first = called(hosted);
    arrived.await();
    // One of the two finds a place in the queue, the other is refused.
    CompletableFuture<ToolResult> second = called(hosted);
    CompletableFuture<ToolResult> third = called(hosted);
    assertThatThrownBy(() -> CompletableFuture.anyOf(second, third).get(1, TimeUnit.MINUTES))
        .hasCauseInstanceOf(ToolRefusal.class)
        .hasMessageContaining("called 1 times at this moment")
        .hasMessageContaining("1 calls wait")
        .hasMessageContaining("llmagentos.agent.tools.queue")
        .cause()
        .isInstanceOfSatisfying(
            ToolRefusal.class,
            refusal -> assertThat(refusal.code()).isEqualTo(ErrorCode.QUEUE_FULL));
    assertThat(tool.calls()).isEqualTo(1);
    goOn.countDown();
    assertThat(first.get(1, TimeUnit.MINUTES)).isEqualTo(PAID);
    CompletableFuture<ToolResult> waited = second.isCompletedExceptionally() ? third : second;
    assertThat(waited.get(1, TimeUnit.MINUTES)).isEqualTo(PAID);
    assertThat(hosted.call(pay(LONG))).as("no permit is lost").isEqualTo(PAID);
  }

  @Test
  void shouldNotWaitBeyondTheDeadlineOrItsInterruption() throws Exception {
    CountDownLatch arrived = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    ScriptedTool tool = held(arrived, goOn);
    Tool hosted = hosted(tool);
    CompletableFuture<ToolResult> first = called(hosted);
    arrived.await();
    assertThatThrownBy(() -> hosted.call(pay(Duration.ofMillis(20))))
        .isInstanceOf(ToolRefusal.class)
        .hasMessageContaining("it was not called");
    CompletableFuture<ToolResult> stopped = new CompletableFuture<>();
    Thread waiting = Thread.ofVirtual().start(() -> call(hosted, stopped));
    waiting.interrupt();
    assertThatThrownBy(() -> stopped.get(1, TimeUnit.MINUTES))
        .hasCauseInstanceOf(ToolRefusal.class)
        .hasMessageContaining("stopped before it was called");
    goOn.countDown();
    assertThat(first.get(1, TimeUnit.MINUTES)).isEqualTo(PAID);
    assertThat(tool.calls()).isEqualTo(1);
  }

  private CompletableFuture<ToolResult> called(Tool tool) {
    CompletableFuture<ToolResult> result = new CompletableFuture<>();
    Thread.ofVirtual().start(() -> call(tool, result));
    return result;
  }

  private void call(Tool tool, CompletableFuture<ToolResult> result) {
    try {
      result.complete(tool.call(pay(LONG)));
    } catch (Exception e) {
      result.completeExceptionally(e);
    }
  }

  @Test
  void shouldCutLargeResultsAndSaySo() throws Exception {
    String structured = "{\"amount\":" + "1".repeat(200) + "}";
    Tool tool = hosted(new ScriptedTool(
        ToolTraits.READ_ONLY,
        ScriptedTool.AMOUNT,
        request -> new ToolResult("a".repeat(99) + "\uD83D\uDE00 and more", structured, false)));
    ToolResult result = tool.call(pay(LONG));
    assertThat(result.text())
        .startsWith("a".repeat(99) + "\n[cut: these are the first 99 of 110 characters]")
        .contains("left out: the structured result of 211 characters");
    assertThat(result.structured()).isEmpty();
    assertThat(result.error()).isFalse();
  }

  @Test
  void shouldFindToolsByNameAndKeepTheirRecords() throws Exception {
    ScriptedTool tool = new ScriptedTool(ToolTraits.EFFECT, "", BROKEN);
    try (ToolHost host =
        new ToolHost(List.of(ToolSource.of(List.of(tool))), settings(), clock, alwaysDrawing(0))) {
      assertThat(host.find("refund")).isEmpty();
      assertThat(host.tools()).containsExactly(host.find("pay").orElseThrow());
      for (int i = 0; i < 4; i++) {
        assertThatThrownBy(() -> host.find("pay").orElseThrow().call(pay(LONG)))
            .isInstanceOf(IOException.class);
      }
      assertThatThrownBy(() -> host.find("pay").orElseThrow().call(pay(LONG)))
          .hasMessageContaining("again in");
    }
    List<ToolSource> twice = List.of(ToolSource.of(List.of(tool)), ToolSource.of(List.of(tool)));
    assertThatThrownBy(() -> new ToolHost(twice, settings(), clock, alwaysDrawing(0)))
        .isInstanceOf(AgentOsException.class)
        .hasMessageContaining("'pay'");
  }
}
