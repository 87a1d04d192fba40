package io.llmagentos.deploy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A user's extension: the agent {@code shop} and the tools with which it acts on a {@link ShopServer}. */
record ShopExtension(Path classes, Path agents) {
  private static final String AGENT = """
      name: shop
      model: scripted
      tools: [cancel_order, refund, calendar_set]
      rounds: 4
      outOfScope: "That is not for me."
      unconnected: "No tool for {what} is connected."
      """;

  /**
   * Write it below a directory.
   *
   * @param more what the agent's definition says besides
   */
  static ShopExtension write(Path home, String more) throws IOException {
    var classes = home.resolve("classes");
    var services = Files.createDirectories(classes.resolve("META-INF/services"));
    Files.writeString(
        services.resolve("io.llmagentos.agent.tool.Tool"),
        ShopTool.CancelOrder.class.getName() + "\n" + ShopTool.Refund.class.getName() + "\n");
    var agents = Files.createDirectories(home.resolve("agents"));
    Files.writeString(agents.resolve("shop.yaml"), AGENT + more + "\n");
    return new ShopExtension(classes, agents);
  }

  /** What a node is to know of it. */
  String settings() {
    return "llmagentos.agent { definitions = \"" + agents + "\", zone = \"Europe/Berlin\" }\n";
  }
}
