package io.llmagentos.agent.tool.a2a;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.agent.tool.AbsentTool;
import io.llmagentos.agent.tool.Tool;
import io.llmagentos.agent.tool.ToolNames;
import io.llmagentos.agent.tool.ToolSource;
import io.llmagentos.agent.tool.a2a.A2aConnection.Unusable;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An agent of another system as a source of one tool, {@code NAME__ask}. Its card is fetched in the background, again and again until it is there. */
public final class A2aAgent implements ToolSource {
  private static final Logger LOG = LoggerFactory.getLogger(A2aAgent.class);
  private static final Duration PAUSE = Duration.ofMillis(250);
  private static final int DOUBLINGS = 7;

  private final A2aSettings settings;
  private final A2aConnection connection;
  private final Thread fetcher;
  private volatile List<Tool> tools = List.of();
  private volatile String trouble = "its card has not been read yet";

  private A2aAgent(A2aSettings settings) {
    this.settings = settings;
    this.connection = new A2aConnection(settings);
    this.fetcher = Thread.ofVirtual().name("a2a " + settings.name()).unstarted(this::fetch);
  }

  /** Begin to fetch the agent's card; does not wait for it. */
  public static A2aAgent start(A2aSettings settings) {
    A2aAgent agent = new A2aAgent(settings);
    agent.fetcher.start();
    return agent;
  }

  private void fetch() {
    for (int failures = 0; ; failures++) {
      try {
        JsonNode card = connection.card();
        URI endpoint = endpoint(card);
        tools = List.of(A2aTool.of(settings, connection, endpoint, card));
        LOG.info("A2A agent '{}' is '{}' at {}", settings.name(), card.path("name"), endpoint);
        return;
      } catch (InterruptedException e) {
        return;
      } catch (IOException | Unusable e) {
        trouble = "its card cannot be used: "
            + (e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage());
        LOG.warn("A2A agent '{}': {}", settings.name(), trouble);
      }
      try {
        Thread.sleep(PAUSE.multipliedBy(1L << Math.min(failures, DOUBLINGS)));
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  /** Where the agent is spoken to. What this platform knows, credentials too, goes to the card's own server unless a setting names another. */
  private URI endpoint(JsonNode card) throws Unusable {
    if (!settings.endpoint().isEmpty()) {
      return URI.create(settings.endpoint());
    }
    String url = card.path("url").asText();
    if (!card.path("preferredTransport").asText("JSONRPC").equals("JSONRPC")) {
      for (JsonNode other : card.path("additionalInterfaces")) {
        if (other.path("transport").asText().equals("JSONRPC")) {
          return sameServer(other.path("url").asText());
        }
      }
      throw new Unusable(
          "it offers " + card.path("preferredTransport") + ", only JSONRPC is spoken");
    }
    return sameServer(url);
  }

  private URI sameServer(String url) throws Unusable {
    URI card = settings.card();
    if (A2aSettings.isHttp(url)) {
      URI endpoint = URI.create(url);
      if (endpoint.getScheme().equals(card.getScheme())
          && endpoint.getRawAuthority().equals(card.getRawAuthority())) {
        return endpoint;
      }
    }
    throw new Unusable(
        "it names '" + url + "' on another server than its own, " + card.getRawAuthority()
            + "; set " + A2aSettings.path(settings.name()) + ".endpoint to allow it");
  }

  @Override
  public List<Tool> tools() {
    return tools;
  }

  @Override
  public Optional<Tool> find(String name) {
    return tools.isEmpty() && name.startsWith(ToolNames.prefix(settings.name()))
        ? Optional.of(new AbsentTool(name, "A2A agent '" + settings.name() + "': " + trouble))
        : ToolSource.super.find(name);
  }

  @Override
  public void close() {
    fetcher.interrupt();
    connection.close();
  }
}
