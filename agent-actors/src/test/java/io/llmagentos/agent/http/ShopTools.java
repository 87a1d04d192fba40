package io.llmagentos.agent.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.agent.tool.Tool;
import io.llmagentos.agent.tool.ToolRefusal;
import io.llmagentos.agent.tool.ToolRequest;
import io.llmagentos.agent.tool.ToolResult;
import io.llmagentos.agent.tool.ToolTraits;
import io.llmagentos.model.chat.ToolSpecification;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

/** A shop's tools outside the journal, which count what is asked of them by order. */
public final class ShopTools {
  private static final Map<String, List<String>> KEYS = new ConcurrentHashMap<>();
  private static final Map<String, CountDownLatch> HELD = new ConcurrentHashMap<>();

  private ShopTools() {}

  /** The keys of the calls that a tool got for an order, in order. */
  static List<String> keys(String tool, String order) {
    return KEYS.getOrDefault(tool + order, List.of());
  }

  /** From now on calls for this order do not return before the latch opens. */
  static CountDownLatch hold(String order) {
    return HELD.computeIfAbsent(order, any -> new CountDownLatch(1));
  }

  abstract static class ShopTool implements Tool {
    private final String name;
    private final ToolTraits traits;

    ShopTool(String name, ToolTraits traits) {
      this.name = name;
      this.traits = traits;
    }

    @Override
    public ToolSpecification specification() {
      return new ToolSpecification(name, "", "{\"type\":\"object\"}");
    }

    @Override
    public ToolTraits traits() {
      return traits;
    }

    @Override
    public ToolResult call(ToolRequest request) throws Exception {
      JsonNode arguments = RunningNode.JSON.readTree(request.arguments());
      String order = arguments.path("order").asText();
      KEYS.computeIfAbsent(name + order, any -> new CopyOnWriteArrayList<>()).add(request.key());
      CountDownLatch held = HELD.get(order);
      if (held != null) {
        held.await();
      }
      if (order.startsWith("sold")) {
        throw new ToolRefusal("order " + order + " is sold out");
      } else if (order.startsWith("broken")) {
        throw new IllegalStateException("the line broke");
      }
      return ToolResult.text(
          name + " of " + order + " for " + arguments.path("amount").asText("0"));
    }
  }

  /** Changes nothing. */
  public static final class LookUp extends ShopTool {
    public LookUp() {
      super("look_up", ToolTraits.READ_ONLY);
    }
  }

  /** Must not be called twice. */
  public static final class Charge extends ShopTool {
    public Charge() {
      super("charge", new ToolTraits(false, false, false, Duration.ofMinutes(1), 16));
    }
  }

  /** A person must approve it. */
  public static final class Refund extends ShopTool {
    public Refund() {
      super("refund", new ToolTraits(false, false, true, Duration.ofMinutes(1), 16));
    }
  }

  /** A person must approve it; what it needs is in its schema. */
  public static final class Deliver extends ShopTool {
    public Deliver() {
      super("deliver", new ToolTraits(false, false, true, Duration.ofMinutes(1), 16));
    }

    @Override
    public ToolSpecification specification() {
      return new ToolSpecification("deliver", "", """
          {"type": "object", "required": ["order", "day"], "properties": {
            "order": {"type": "string", "description": "Which order?"},
            "day": {"type": "string", "description": "The day of the delivery."}}}""");
    }
  }
}
