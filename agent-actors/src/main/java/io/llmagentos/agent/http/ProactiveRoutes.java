package io.llmagentos.agent.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.agent.definition.AgentDefinitions;
import io.llmagentos.agent.schedule.Schedule;
import io.llmagentos.agent.schedule.Schedules;
import io.llmagentos.agent.schedule.Timing;
import io.llmagentos.agent.serving.AgentKey;
import io.llmagentos.agent.serving.AgentSettings;
import io.llmagentos.agent.serving.Agents;
import io.llmagentos.node.Node;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.http.Api;
import java.util.List;
import java.util.UUID;
import org.apache.pekko.http.javadsl.server.PathMatchers;
import org.apache.pekko.http.javadsl.server.Route;

/**
 * What wakes the caller's agents: {@code GET} and {@code POST /v1/agents/{agent}/schedules}, {@code DELETE /v1/agents/{agent}/schedules/{id}},
 * {@code POST /v1/agents/{agent}/events}.
 */
public final class ProactiveRoutes extends Api {
  private final Agents agents;
  private final AgentDefinitions definitions;
  private final String zone;

  public ProactiveRoutes(Node node) {
    super(node);
    this.agents = node.service(Agents.class);
    this.definitions = node.service(AgentDefinitions.class);
    this.zone = node.service(AgentSettings.class).zone().getId();
  }

  public Route route() {
    return pathPrefix(
        "v1",
        () -> pathPrefix(
            "agents",
            () -> pathPrefix(
                PathMatchers.segment(),
                agent -> concat(
                    pathPrefix(
                        "schedules",
                        () -> withContext(context -> parameterOptional(
                            "user", user -> schedules(context, agent, user.orElse(""))))),
                    path(
                        "events",
                        () -> post(() -> withContext(
                            context -> withJson(body -> raise(context, agent, body)))))))));
  }

  private Route schedules(Context context, String agent, String user) {
    return concat(
        pathEnd(() -> concat(
            get(() -> completeLater(agents
                .schedules(key(context, agent, user))
                .thenApply(planned -> json(200, list(planned))))),
            post(() -> withJson(body -> set(context, agent, body))))),
        path(
            PathMatchers.segment(),
            id -> delete(() -> completeLater(agents
                .unschedule(key(context, agent, user), id)
                .thenApply(planned -> json(200, list(planned)))))));
  }

  private AgentKey key(Context context, String agent, String user) {
    return new AgentKey(
        context.tenant(),
        definitions.get(agent).name(),
        AgentKey.subject(context.principal(), user));
  }

  private Route set(Context context, String agent, JsonNode body) {
    Fields fields = Fields.of(body, "");
    String user = fields.text("user").orElse("");
    AgentKey key = key(context, agent, user);
    Schedule schedule = new Schedule(
        fields.text("id").orElseGet(() -> UUID.randomUUID().toString()),
        context.principal(),
        fields.text("session").orElseGet(() -> Schedule.defaultSession(agent, user)),
        Timing.parse(
            fields.text("cron").orElse(null),
            fields.text("every").orElse(null),
            fields.text("at").orElse(null),
            fields.text("zone").orElse(zone)),
        fields.requiredText("text"),
        false);
    return completeLater(agents
        .schedule(key, schedule)
        .thenApply(planned -> json(
            201,
            planned.stream()
                .filter(each -> each.schedule().id().equals(schedule.id()))
                .findFirst()
                .map(ProactiveRoutes::json)
                .orElseThrow())));
  }

  private Route raise(Context context, String agent, JsonNode body) {
    Fields fields = Fields.of(body, "");
    String user = fields.text("user").orElse("");
    AgentKey key = key(context, agent, user);
    String text = fields.text("text").orElse("");
    if (fields.has("data")) {
      text = (text.isEmpty() ? "" : text + "\n") + fields.requiredObject("data").object();
    }
    if (text.isBlank() || text.length() > Schedule.LONGEST_TEXT) {
      throw fields.invalid(
          "text", "and 'data' must have 1 to " + Schedule.LONGEST_TEXT + " characters together");
    }
    String session = fields.text("session").orElseGet(() -> Schedule.defaultSession(agent, user));
    if (!session.matches("[A-Za-z0-9_-]{1,64}")) {
      throw fields.invalid("session", "must be 1 to 64 of A-Z a-z 0-9 _ -");
    }
    return completeLater(agents
        .raise(key, fields.requiredText("key"), context.principal(), session, text)
        .thenApply(wake -> json(
            202,
            JSON.createObjectNode()
                .put("object", "event")
                .put("key", fields.requiredText("key"))
                .put("session", wake.session())
                .put("turn_id", wake.turn()))));
  }

  private static ObjectNode list(List<Schedules.Planned> planned) {
    ObjectNode body = JSON.createObjectNode().put("object", "list");
    ArrayNode data = body.putArray("data");
    planned.forEach(each -> data.add(json(each)));
    return body;
  }

  private static ObjectNode json(Schedules.Planned planned) {
    Schedule schedule = planned.schedule();
    ObjectNode json = JSON.createObjectNode()
        .put("id", schedule.id())
        .put("object", "schedule")
        .put("session", schedule.session())
        .put("text", schedule.text())
        .put("declared", schedule.declared())
        .put("next", planned.next().toString());
    switch (schedule.timing()) {
      case Timing.Cron cron -> json.put("cron", cron.expression()).put("zone", cron.zone());
      case Timing.Every every -> json.put("every", every.period().toString());
      case Timing.At at -> json.put("at", at.at().toString());
    }
    return json;
  }
}
