package io.llmagentos.deploy;

import io.llmagentos.agent.tool.Tool;
import io.llmagentos.agent.tool.ToolRequest;
import io.llmagentos.agent.tool.ToolResult;
import io.llmagentos.agent.tool.ToolTraits;
import io.llmagentos.model.chat.ToolSpecification;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

/** A user's tools, which act on a shop over HTTP; a node finds them on its class path. */
abstract class ShopTool implements Tool {
  /** The variable that says where the shop is. */
  static final String SHOP = "SHOP_URL";

  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final String name;
  private final ToolTraits traits;

  ShopTool(String name, boolean idempotent, boolean approval) {
    this.name = name;
    this.traits = new ToolTraits(false, idempotent, approval, Duration.ofMinutes(5), 16);
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
  public ToolResult call(ToolRequest request) throws IOException, InterruptedException {
    var answer = HTTP.send(
        HttpRequest.newBuilder(URI.create(System.getenv(SHOP) + "/" + name))
            .header("Idempotency-Key", request.key())
            .POST(HttpRequest.BodyPublishers.ofString(request.arguments()))
            .build(),
        BodyHandlers.ofString());
    return ToolResult.text(name + " " + answer.body());
  }

  /** May be asked again under its key. */
  public static final class CancelOrder extends ShopTool {
    public CancelOrder() {
      super("cancel_order", true, false);
    }
  }

  /** Moves money: a person approves it, and nobody makes it twice. */
  public static final class Refund extends ShopTool {
    public Refund() {
      super("refund", false, true);
    }
  }
}
