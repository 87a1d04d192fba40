package io.llmagentos.agent.tool.a2a;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.agent.tool.FetchedSource;
import io.llmagentos.agent.tool.SourceSettings;
import io.llmagentos.agent.tool.Tool;
import java.io.IOException;
import java.net.URI;
import java.util.List;

/** An agent of another system as a source of one tool, {@code NAME__ask}. What describes it is its card. */
public final class A2aAgent extends FetchedSource {
  private final A2aSettings settings;
  private final A2aConnection connection;

  private A2aAgent(A2aSettings settings) {
    super(settings.name(), "A2A agent '" + settings.name() + "'", "card");
    this.settings = settings;
    this.connection = new A2aConnection(settings);
  }

  /** Begin to fetch the agent's card; does not wait for it. */
  public static A2aAgent start(A2aSettings settings) {
    A2aAgent agent = new A2aAgent(settings);
    agent.startFetching();
    return agent;
  }

  @Override
  protected List<Tool> fetch() throws IOException, InterruptedException, Unusable {
    JsonNode card = connection.card();
    return List.of(A2aTool.of(settings, connection, endpoint(card), card));
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
    if (SourceSettings.isUrl(url)) {
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
  public void close() {
    super.close();
    connection.close();
  }
}
