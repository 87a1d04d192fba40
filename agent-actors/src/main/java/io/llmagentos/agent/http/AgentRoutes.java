package io.llmagentos.agent.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.agent.definition.AgentDefinition;
import io.llmagentos.agent.definition.AgentDefinitions;
import io.llmagentos.agent.serving.Agent;
import io.llmagentos.agent.serving.AgentKey;
import io.llmagentos.model.chat.ToolSpecification;
import io.llmagentos.node.Node;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.http.Api;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.PathMatchers;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.persistence.jdbc.query.javadsl.JdbcReadJournal;
import org.apache.pekko.persistence.query.EventEnvelope;
import org.apache.pekko.persistence.query.PersistenceQuery;

/**
 * Agents: {@code GET /v1/agents}; of one agent and its subject (query parameter {@code user}) {@code GET /v1/agents/{name}/events}, what its journal
 * holds, and {@code GET /v1/agents/{name}/calendar.ics}.
 */
public final class AgentRoutes extends Api {
  private static final Duration ASK = Duration.ofSeconds(10);
  private static final int MOST_EVENTS = 1000;

  private final ActorSystem<?> system;
  private final AgentDefinitions agents;

  public AgentRoutes(Node node) {
    super(node);
    this.system = node.system();
    this.agents = node.service(AgentDefinitions.class);
  }

  public Route route() {
    return pathPrefix(
        "v1",
        () -> pathPrefix(
            "agents",
            () -> get(() -> withContext(context -> concat(
                pathEnd(() -> complete(json(200, list()))),
                pathPrefix(
                    PathMatchers.segment(),
                    name -> parameterOptional("user", user -> {
                      AgentKey key = key(context, agents.get(name), user.orElse(""));
                      return concat(
                          path(
                              "events",
                              () -> parameterOptional(
                                  "after",
                                  after -> completeLater(journal(
                                      key, SessionRoutes.number("after", after.orElse("0")))))),
                          path("calendar.ics", () -> completeLater(calendar(key))));
                    })))))));
  }

  private static AgentKey key(Context context, AgentDefinition agent, String user) {
    return new AgentKey(
        context.tenant(), agent.name(), AgentKey.subject(context.principal(), user));
  }

  private ObjectNode list() {
    ObjectNode body = JSON.createObjectNode().put("object", "list");
    ArrayNode data = body.putArray("data");
    for (AgentDefinition agent : agents.all()) {
      ObjectNode json = data.addObject()
          .put("id", agent.name())
          .put("object", "agent")
          .put("description", agent.description())
          .put("model", agent.model());
      ArrayNode tools = json.putArray("tools");
      agent.tools().stream().map(ToolSpecification::name).forEach(tools::add);
    }
    return body;
  }

  private CompletionStage<HttpResponse> journal(AgentKey key, long after) {
    JdbcReadJournal journal = PersistenceQuery.get(system)
        .getReadJournalFor(JdbcReadJournal.class, JdbcReadJournal.Identifier());
    return journal
        .currentEventsByPersistenceId(Agent.KIND + "|" + key.entityId(), after + 1, Long.MAX_VALUE)
        .take(MOST_EVENTS)
        .runFold(JSON.createArrayNode(), AgentRoutes::append, system)
        .thenApply(
            events -> json(200, JSON.createObjectNode().put("object", "list").set("data", events)));
  }

  private static ArrayNode append(ArrayNode events, EventEnvelope envelope) {
    ObjectNode event = JSON.createObjectNode().put("seq", envelope.sequenceNr());
    event.setAll((ObjectNode) JSON.valueToTree(envelope.event()));
    return events.add(event);
  }

  private CompletionStage<HttpResponse> calendar(AgentKey key) {
    return AskPattern.<Agent.Command, Agent.Reply>ask(
            ClusterSharding.get(system).entityRefFor(Agent.KEY, key.entityId()),
            Agent.ExportCalendar::new,
            ASK,
            system.scheduler())
        .thenApply(reply -> HttpResponse.create()
            .withEntity(
                ContentTypes.parse("text/calendar; charset=utf-8"),
                ((Agent.Exported) reply).text().getBytes(java.nio.charset.StandardCharsets.UTF_8)));
  }
}
