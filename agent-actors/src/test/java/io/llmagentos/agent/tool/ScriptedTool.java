package io.llmagentos.agent.tool;

import io.llmagentos.model.chat.ToolSpecification;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.envelope.Provenance;
import java.time.Duration;
import java.time.Instant;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** Answers its calls by a script, the last line of it again and again. */
public final class ScriptedTool implements Tool {
  /** One answer. */
  public interface Line {
    ToolResult answer(ToolRequest request) throws Exception;
  }

  public static final String AMOUNT = """
      {"type":"object","properties":{"amount":{"type":"number","minimum":1}},"required":["amount"]}""";

  private final ToolTraits traits;
  private final String outputSchema;
  private final Queue<Line> lines;
  private final AtomicInteger calls = new AtomicInteger();

  public ScriptedTool(ToolTraits traits, String outputSchema, Line... lines) {
    this.traits = traits;
    this.outputSchema = outputSchema;
    this.lines = new ConcurrentLinkedQueue<>(java.util.List.of(lines));
  }

  /** A call with an amount, from somebody who waits for a time. */
  public static ToolRequest request(String arguments, Instant now, Duration patience) {
    return new ToolRequest(
        new Context("local", "alice", now.plus(patience), "0".repeat(32), Provenance.PRINCIPAL),
        "key-1",
        arguments);
  }

  public int calls() {
    return calls.get();
  }

  @Override
  public ToolSpecification specification() {
    return new ToolSpecification("pay", "Pay.", AMOUNT);
  }

  @Override
  public ToolTraits traits() {
    return traits;
  }

  @Override
  public String outputSchema() {
    return outputSchema;
  }

  @Override
  public ToolResult call(ToolRequest request) throws Exception {
    calls.incrementAndGet();
    Line line = lines.size() > 1 ? lines.remove() : lines.element();
    return line.answer(request);
  }
}
