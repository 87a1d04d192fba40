package io.llmagentos.agent;

import io.llmagentos.agent.definition.AgentDefinitions;
import io.llmagentos.agent.http.AgentRoutes;
import io.llmagentos.agent.http.CompletionRoutes;
import io.llmagentos.agent.http.InboxRoutes;
import io.llmagentos.agent.http.McpRoutes;
import io.llmagentos.agent.http.SessionRoutes;
import io.llmagentos.agent.personal.PersonalTool;
import io.llmagentos.agent.personal.PersonalTools;
import io.llmagentos.agent.serving.Agent;
import io.llmagentos.agent.serving.AgentSettings;
import io.llmagentos.agent.session.Call;
import io.llmagentos.agent.session.Decision;
import io.llmagentos.agent.session.Feedback;
import io.llmagentos.agent.session.InboxIndex;
import io.llmagentos.agent.session.Message;
import io.llmagentos.agent.session.Origin;
import io.llmagentos.agent.session.Plan;
import io.llmagentos.agent.session.Session;
import io.llmagentos.agent.session.SessionIndex;
import io.llmagentos.agent.session.Sessions;
import io.llmagentos.agent.session.Turn;
import io.llmagentos.agent.tool.Tool;
import io.llmagentos.agent.tool.ToolHost;
import io.llmagentos.agent.tool.ToolSettings;
import io.llmagentos.agent.tool.ToolSource;
import io.llmagentos.agent.tool.mcp.McpServer;
import io.llmagentos.agent.tool.mcp.McpServerSettings;
import io.llmagentos.agent.tool.openapi.OpenApiSettings;
import io.llmagentos.agent.tool.openapi.OpenApiSource;
import io.llmagentos.model.serving.Models;
import io.llmagentos.node.Node;
import io.llmagentos.node.Subsystem;
import io.llmagentos.node.journal.Projector;
import io.llmagentos.node.settings.Settings;
import io.llmagentos.node.wire.WireRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.ServiceLoader;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.pekko.Done;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.apache.pekko.http.javadsl.server.Route;

/** Agents in the node: sessions and agents as sharded entities on {@code core} nodes, and their doors. */
public final class AgentSubsystem implements Subsystem {
  private static final Duration DRAIN_POLL = Duration.ofMillis(50);

  @Override
  public String name() {
    return "agent";
  }

  @Override
  public List<String> requires() {
    return List.of("model");
  }

  /** 4: a turn carries its plans. */
  @Override
  public int wireVersion() {
    return 4;
  }

  @Override
  public void registerWireTypes(WireRegistry registry) {
    registry
        .add(2000, Session.Open.class)
        .add(2001, Session.Say.class)
        .add(2002, Session.Stop.class)
        .add(2003, Session.Describe.class)
        .add(2004, Session.Watch.class)
        .add(2005, Session.Wake.class)
        .add(2006, Session.Complete.class)
        .add(2007, Session.Decide.class)
        .add(2008, Session.TakeOver.class)
        .add(2009, Session.Release.class)
        .add(2010, Session.Opened.class)
        .add(2011, Session.Accepted.class)
        .add(2012, Session.Delta.class)
        .add(2013, Session.Finished.class)
        .add(2014, Session.Rejected.class)
        .add(2015, Session.Description.class)
        .add(2016, Session.Recorded.class)
        .add(2017, Session.AnswerTurn.class)
        .add(2018, Session.Rate.class)
        .add(2020, Turn.class)
        .add(2021, Turn.Status.class)
        .add(2022, Call.class)
        .add(2023, Call.Status.class)
        .add(2024, Decision.class)
        .add(2025, Decision.Kind.class)
        .add(2026, Feedback.class)
        .add(2027, Message.class)
        .add(2030, Agent.Act.class)
        .add(2031, Agent.Wake.class)
        .add(2032, Agent.Watch.class)
        .add(2033, Agent.ExportCalendar.class)
        .add(2034, Agent.FindLatestNotice.class)
        .add(2044, Agent.LatestNotice.class)
        .add(2040, Agent.Acted.class)
        .add(2041, Agent.Refused.class)
        .add(2042, Agent.Noticed.class)
        .add(2043, Agent.Exported.class)
        .add(2055, Session.Progressed.class)
        .add(2056, Plan.class)
        .add(2057, Plan.Step.class)
        .add(2058, Plan.Progress.class)
        .add(2059, Session.Delegate.class)
        .add(2060, Session.DelegateEnded.class)
        .add(2061, Origin.class);
  }

  @Override
  public List<Projector> projectors() {
    return List.of(new SessionIndex(), new InboxIndex());
  }

  @Override
  public void start(Node node) {
    AgentSettings settings =
        Settings.read(node.config(), "llmagentos.agent", AgentSettings::create);
    List<PersonalTool> personal = PersonalTools.standard();
    List<PersonalTool> contributed = ServiceLoader.load(PersonalTool.class).stream()
        .map(ServiceLoader.Provider::get)
        .toList();
    ToolHost tools = toolHost(node);
    node.offer(ToolHost.class, tools);
    AgentDefinitions definitions = AgentDefinitions.load(
        settings.definitions(), settings.model(), personal, contributed, tools);
    node.offer(AgentDefinitions.class, definitions);
    node.offer(AgentSettings.class, settings);
    ExecutorService toolExecutor = Executors.newVirtualThreadPerTaskExecutor();

    AtomicInteger sessions = new AtomicInteger();
    AtomicInteger turnsInFlight = new AtomicInteger();
    Session.Dependencies forSessions = new Session.Dependencies(
        node.clock(),
        node.service(Models.class),
        definitions::get,
        tools,
        settings.turnTimeout(),
        settings.approvalExpiry(),
        settings.delegationDepth(),
        sessions,
        turnsInFlight);
    init(node.system(), Session.KEY, entityId -> Session.create(entityId, forSessions));
    node.countEntities(Session.KIND, sessions::get);

    AtomicInteger agents = new AtomicInteger();
    Map<String, PersonalTool> byName = Stream.concat(personal.stream(), contributed.stream())
        .collect(Collectors.toMap(tool -> tool.specification().name(), Function.identity()));
    Agent.Dependencies forAgents = new Agent.Dependencies(
        node.clock(), settings.zone(), byName, toolExecutor, settings.toolTimeout(), agents);
    init(node.system(), Agent.KEY, entityId -> Agent.create(entityId, forAgents));
    node.countEntities(Agent.KIND, agents::get);

    ClusterSharding sharding = ClusterSharding.get(node.system());
    node.wakeBy(
        Session.KIND,
        (entityId, timer) ->
            sharding.entityRefFor(Session.KEY, entityId).tell(new Session.Wake(timer)));
    node.wakeBy(
        Agent.KIND,
        (entityId, timer) ->
            sharding.entityRefFor(Agent.KEY, entityId).tell(new Agent.Wake(timer)));
    node.drain("turns in flight", () -> drained(node, turnsInFlight));
    Sessions offered = new Sessions(node.system());
    node.offer(Sessions.class, offered);
    node.whenStopping(() -> node.system()
        .scheduler()
        .scheduleOnce(
            node.settings().drainTimeout(), offered::giveUp, node.system().executionContext()));
  }

  /** Tools outside the journal: services on the class path, MCP servers, OpenAPI documents. */
  private static ToolHost toolHost(Node node) {
    return Settings.read(node.config(), "llmagentos.agent.tools", section -> {
      ToolSettings settings = ToolSettings.create(section);
      List<McpServerSettings> servers = McpServerSettings.all(section);
      List<OpenApiSettings> documents = OpenApiSettings.all(section);
      List<ToolSource> sources = new ArrayList<>();
      sources.add(ToolSource.of(ServiceLoader.load(Tool.class).stream()
          .map(ServiceLoader.Provider::get)
          .toList()));
      documents.forEach(document -> sources.add(OpenApiSource.start(document)));
      servers.forEach(server -> sources.add(McpServer.start(server)));
      ToolHost host = new ToolHost(sources, settings, node.clock(), new Random());
      var unused = node.system().getWhenTerminated().whenComplete((done, failure) -> host.close());
      return host;
    });
  }

  /** Completes when no turn is worked on, or the time to drain is over: what is left then goes on where its session moves. */
  private static CompletionStage<Done> drained(Node node, AtomicInteger turnsInFlight) {
    Instant end = node.clock().instant().plus(node.settings().drainTimeout());
    CompletableFuture<Done> done = new CompletableFuture<>();
    Cancellable poll = node.system()
        .scheduler()
        .scheduleWithFixedDelay(
            Duration.ZERO,
            DRAIN_POLL,
            () -> {
              if (turnsInFlight.get() == 0 || node.clock().instant().isAfter(end)) {
                done.complete(Done.getInstance());
              }
            },
            node.system().executionContext());
    return done.whenComplete((drained, failure) -> poll.cancel());
  }

  private static <M> void init(
      ActorSystem<?> system, EntityTypeKey<M> key, Function<String, Behavior<M>> create) {
    ClusterSharding.get(system)
        .init(Entity.of(key, context -> create.apply(context.getEntityId())).withRole("core"));
  }

  @Override
  public List<Route> routes(Node node) {
    return List.of(
        new SessionRoutes(node).route(),
        new InboxRoutes(node).route(),
        new AgentRoutes(node).route(),
        new CompletionRoutes(node).route(),
        new McpRoutes(node).route());
  }
}
