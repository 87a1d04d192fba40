package io.llmagentos.agent.tool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.llmagentos.agent.tool.a2a.A2aSettings;
import io.llmagentos.agent.tool.http.HttpAccess;
import io.llmagentos.agent.tool.mcp.McpServerSettings;
import io.llmagentos.agent.tool.openapi.OpenApiSettings;
import io.llmagentos.node.error.AgentOsException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ToolSettingsTest {
  private static Config section(String settings) {
    return ConfigFactory.parseString(settings)
        .atPath("llmagentos.agent.tools")
        .withFallback(ConfigFactory.defaultReference())
        .getConfig("llmagentos.agent.tools");
  }

  @Test
  void shouldHaveTheDocumentedDefaults() {
    assertThat(ToolSettings.create(section("")))
        .isEqualTo(new ToolSettings(
            3,
            Duration.ofMillis(200),
            Duration.ofSeconds(5),
            new ToolSettings.Breaker(10, 50, Duration.ofSeconds(30)),
            64,
            100_000));
    assertThat(McpServerSettings.all(section("mcp.x.url = \"http://host/mcp\"")))
        .containsExactly(new McpServerSettings(
            "x",
            List.of(),
            Map.of(),
            "http://host/mcp",
            Map.of(),
            true,
            Duration.ofSeconds(30),
            16,
            4 * 1024 * 1024,
            Duration.ofSeconds(20),
            Duration.ofSeconds(30)));
    assertThat(OpenApiSettings.all(section("openapi.x.document = shop.yaml")))
        .containsExactly(new OpenApiSettings(
            "x",
            "shop.yaml",
            "",
            true,
            new HttpAccess(
                Map.of(), Duration.ofSeconds(30), 16, 4 * 1024 * 1024, Duration.ofSeconds(5))));
    assertThat(A2aSettings.all(section("a2a.x.url = \"http://host\"")))
        .containsExactly(new A2aSettings(
            "x",
            "http://host",
            "",
            false,
            new HttpAccess(
                Map.of(), Duration.ofSeconds(60), 16, 4 * 1024 * 1024, Duration.ofSeconds(5))));
  }

  @Test
  void shouldRefuseValuesOutOfRangeByTheirKeys() {
    for (String bad : List.of(
        "attempts = 0",
        "backoff = 0s",
        "max-backoff = 1ms",
        "breaker.failures = 101",
        "queue = -1",
        "max-result-chars = 1")) {
      String key = bad.substring(0, bad.indexOf(' '));
      assertThatThrownBy(() -> ToolSettings.create(section(bad)))
          .as(bad)
          .isInstanceOf(AgentOsException.class)
          .hasMessageContaining("llmagentos.agent.tools." + key);
    }
  }

  @Test
  void shouldRefuseUrlsThatAreNone() {
    for (String bad : List.of("far", "ftp://host/x", "http:///x", ":")) {
      assertThatThrownBy(() -> McpServerSettings.all(section("mcp.x.url = \"" + bad + "\"")))
          .as(bad)
          .isInstanceOf(AgentOsException.class)
          .hasMessageContaining("llmagentos.agent.tools.mcp.x.url");
      assertThatThrownBy(() -> A2aSettings.all(section("a2a.x.url = \"" + bad + "\"")))
          .as(bad)
          .isInstanceOf(AgentOsException.class)
          .hasMessageContaining("llmagentos.agent.tools.a2a.x.url");
    }
  }

  @Test
  void shouldRefuseLimitsThatMakeNoSenseByTheirKeys() {
    for (String bad :
        List.of("timeout = 0s", "max-concurrent = 0", "max-response = 1", "connect-timeout = 0s")) {
      String key = bad.substring(0, bad.indexOf(' '));
      assertThatThrownBy(
              () -> A2aSettings.all(section("a2a.x { url = \"http://host\", " + bad + " }")))
          .as(bad)
          .isInstanceOf(AgentOsException.class)
          .hasMessageContaining("llmagentos.agent.tools.a2a.x." + key);
      assertThatThrownBy(
              () -> OpenApiSettings.all(section("openapi.x { document = shop.yaml, " + bad + " }")))
          .as(bad)
          .isInstanceOf(AgentOsException.class)
          .hasMessageContaining("llmagentos.agent.tools.openapi.x." + key);
    }
  }

  @Test
  void shouldNameToolsSoThatEveryModelTakesThemAndNoTwoMeet() {
    assertThat(ToolNames.of("shop", "get-order")).isEqualTo("shop__get-order");
    String dotted = ToolNames.of("shop", "get.order");
    String spaced = ToolNames.of("shop", "get order");
    assertThat(dotted).matches("shop__get_order_[0-9a-f]{8}");
    assertThat(spaced).matches("shop__get_order_[0-9a-f]{8}").isNotEqualTo(dotted);
    assertThat(ToolNames.of("shop", "x".repeat(58))).hasSize(64).endsWith("x");
    assertThat(ToolNames.of("shop", "x".repeat(59)))
        .hasSize(64)
        .isNotEqualTo(ToolNames.of("shop", "x".repeat(60)));
  }
}
