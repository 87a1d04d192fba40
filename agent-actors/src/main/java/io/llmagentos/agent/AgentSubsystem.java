package io.llmagentos.agent;

import io.llmagentos.agent.account.Account;
import io.llmagentos.agent.account.Accounts;
import io.llmagentos.agent.account.MeteredModels;
import io.llmagentos.agent.budget.BudgetSettings;
import io.llmagentos.agent.budget.Exceeded;
import io.llmagentos.agent.budget.Quantity;
import io.llmagentos.agent.budget.Usage;
import io.llmagentos.agent.definition.AgentDefinitions;
import io.llmagentos.agent.definition.OfferedTools;
import io.llmagentos.agent.http.A2aRoutes;
import io.llmagentos.agent.http.AgentRoutes;
import io.llmagentos.agent.http.BudgetRoutes;
import io.llmagentos.agent.http.CompletionRoutes;
import io.llmagentos.agent.http.InboxRoutes;
import io.llmagentos.agent.http.McpRoutes;
import io.llmagentos.agent.http.ProactiveRoutes;
import io.llmagentos.agent.http.SessionRoutes;
import io.llmagentos.agent.personal.PersonalTool;
import io.llmagentos.agent.personal.PersonalTools;
import io.llmagentos.agent.schedule.Occurrence;
import io.llmagentos.agent.schedule.Schedule;
import io.llmagentos.agent.schedule.Schedules;
import io.llmagentos.agent.schedule.Timing;
import io.llmagentos.agent.serving.Agent;
import io.llmagentos.agent.serving.AgentKey;
import io.llmagentos.agent.serving.AgentSettings;
import io.llmagentos.agent.serving.Agents;
import io.llmagentos.agent.session.Call;
import io.llmagentos.agent.session.Decision;
import io.llmagentos.agent.session.Feedback;
import io.llmagentos.agent.session.InboxIndex;
import io.llmagentos.agent.session.Message;
import io.llmagentos.agent.session.Origin;
import io.llmagentos.agent.session.Plan;
import io.llmagentos.agent.session.Session;
import io.llmagentos.agent.session.SessionIndex;
import io.llmagentos.agent.session.SessionKey;
import io.llmagentos.agent.session.Sessions;
import io.llmagentos.agent.session.Turn;
import io.llmagentos.agent.tool.Tool;
import io.llmagentos.agent.tool.ToolHost;
import io.llmagentos.agent.tool.ToolSettings;
import io.llmagentos.agent.tool.ToolSource;
import io.llmagentos.agent.tool.a2a.A2aAgent;
import io.llmagentos.agent.tool.a2a.A2aSettings;
import io.llmagentos.agent.tool.mcp.McpServer;
import io.llmagentos.agent.tool.mcp.McpServerSettings;
import io.llmagentos.agent.tool.openapi.OpenApiSettings;
import io.llmagentos.agent.tool.openapi.OpenApiSource;
import io.llmagentos.model.serving.Models;
import io.llmagentos.node.Node;
import io.llmagentos.node.Subsystem;
import io.llmagentos.node.envelope.ContentPart;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.envelope.Provenance;
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
import java.util.UUID;
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
import org.apache.pekko.stream.javadsl.Sink;

/** Agents in the node: sessions and agents as sharded entities on {@code core} nodes, and their doors. */
public final class AgentSubsystem implements Subsystem {
  private static final Duration DELIVERY = Duration.ofMinutes(1);
  private static final Duration DRAIN_POLL = Duration.ofMillis(50);

  @Override
  public String name() {
    return "agent";
  }

  @Override
  public List<String> requires() {
    return List.of("model");
  }

  /** 5: the end of a turn that is another session's call is answered. */
  @Override
  public int wireVersion() {
    return 5;
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
        .add(2061, Origin.class)
        .add(2070, Agent.SetSchedule.class)
        .add(2071, Agent.RemoveSchedule.class)
        .add(2072, Agent.FollowDefinition.class)
        .add(2073, Agent.ListSchedules.class)
        .add(2074, Agent.Raise.class)
        .add(2075, Agent.Scheduled.class)
        .add(2076, Agent.Raised.class)
        .add(2077, Schedule.class)
        .add(2078, Schedules.Planned.class)
        .add(2079, Occurrence.class)
        .add(2080, Timing.Cron.class)
        .add(2081, Timing.Every.class)
        .add(2082, Timing.At.class)
        .add(2100, Usage.class)
        .add(2101, Quantity.class)
        .add(2102, Exceeded.class)
        .add(2103, Exceeded.Scope.class)
        .add(2104, Session.Recall.class)
        .add(2105, Account.Take.class)
        .add(2106, Account.Settle.class)
        .add(2107, Account.Describe.class)
        .add(2108, Account.Wake.class)
        .add(2109, Account.Leased.class)
        .add(2110, Account.Refused.class)
        .add(2111, Account.Description.class)
        .add(2112, Session.Reset.class)
        .add(2130, Session.Heard.class);
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
    OfferedTools offeredTools = Settings.read(
        node.config(),
        "llmagentos.agent.mcp",
        section -> OfferedTools.create(section, tools, definitions));
    node.offer(OfferedTools.class, offeredTools);
    node.offer(AgentSettings.class, settings);
    BudgetSettings budgets =
        Settings.read(node.config(), "llmagentos.agent.budget", BudgetSettings::create);
    Accounts accounts = new Accounts(node.system(), budgets);
    node.offer(Accounts.class, accounts);
    node.offer(
        MeteredModels.class,
        new MeteredModels(node.service(Models.class), accounts, budgets.prices()));
    ExecutorService toolExecutor = Executors.newVirtualThreadPerTaskExecutor();

    AtomicInteger sessions = new AtomicInteger();
    AtomicInteger turnsInFlight = new AtomicInteger();
    Session.Dependencies forSessions = new Session.Dependencies(
        node.clock(),
        node.service(Models.class),
        agent -> agent.equals(OfferedTools.AGENT) && !definitions.has(agent)
            ? offeredTools.definition()
            : definitions.get(agent),
        tools,
        settings.turnTimeout(),
        settings.approvalExpiry(),
        settings.delegationDepth(),
        sessions,
        turnsInFlight,
        budgets.prices(),
        accounts);
    init(node.system(), Session.KEY, entityId -> Session.create(entityId, forSessions));
    node.countEntities(Session.KIND, sessions::get);

    AtomicInteger agents = new AtomicInteger();
    Map<String, PersonalTool> byName = Stream.concat(personal.stream(), contributed.stream())
        .collect(Collectors.toMap(tool -> tool.specification().name(), Function.identity()));
    Agent.Dependencies forAgents = new Agent.Dependencies(
        node.clock(),
        settings.zone(),
        byName,
        toolExecutor,
        settings.toolTimeout(),
        agents,
        (agent, wake) -> deliver(node, agent, wake),
        agent -> definitions.schedules(
            agent.agent(), agent.tenant() + "/" + agent.subject(), settings.zone()));
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
    Agents reachable = new Agents(node.system());
    node.offer(Agents.class, reachable);
    definitions
        .scheduled()
        .forEach((agent, who) -> who.forEach(each -> {
          String[] names = each.split("/", 2);
          reachable.followDefinition(new AgentKey(names[0], agent, names[1]));
        }));
    Account.Dependencies forAccounts = new Account.Dependencies(
        node.clock(),
        budgets,
        (session, lease) ->
            sharding.entityRefFor(Session.KEY, session).tell(new Session.Recall(lease)));
    init(node.system(), Account.KEY, entityId -> Account.create(entityId, forAccounts));
    node.wakeBy(
        Account.KIND,
        (entityId, session) ->
            sharding.entityRefFor(Account.KEY, entityId).tell(new Account.Wake(session)));
    node.drain("turns in flight", () -> drained(node, turnsInFlight));
    Sessions offered = new Sessions(node.system());
    node.offer(Sessions.class, offered);
    node.whenStopping(() -> node.system()
        .scheduler()
        .scheduleOnce(
            node.settings().drainTimeout(), offered::giveUp, node.system().executionContext()));
  }

  /** A wake becomes a turn of its session, which knows one that is delivered again. Completes once it is in the journal. */
  private static CompletionStage<?> deliver(Node node, AgentKey agent, Occurrence wake) {
    Sessions sessions = node.service(Sessions.class);
    SessionKey session = new SessionKey(agent.tenant(), wake.principal(), wake.session());
    Context context = new Context(
        agent.tenant(),
        wake.principal(),
        node.clock().instant().plus(DELIVERY),
        UUID.randomUUID().toString().replace("-", ""),
        Provenance.PLATFORM);
    return sessions
        .open(session, context, agent.agent(), agent.subject())
        .thenCompose(opened -> sessions
            .say(session, context, wake.turn(), ContentPart.text(wake.text()))
            .runWith(Sink.head(), node.system()));
  }

  /** Tools outside the journal: services on the class path, MCP servers, OpenAPI documents, agents of other systems. */
  private static ToolHost toolHost(Node node) {
    return Settings.read(node.config(), "llmagentos.agent.tools", section -> {
      ToolSettings settings = ToolSettings.create(section);
      List<McpServerSettings> servers = McpServerSettings.all(section);
      List<OpenApiSettings> documents = OpenApiSettings.all(section);
      List<A2aSettings> agents = A2aSettings.all(section);
      List<ToolSource> sources = new ArrayList<>();
      sources.add(ToolSource.of(ServiceLoader.load(Tool.class).stream()
          .map(ServiceLoader.Provider::get)
          .toList()));
      documents.forEach(document -> sources.add(OpenApiSource.start(document)));
      servers.forEach(server -> sources.add(McpServer.start(server)));
      agents.forEach(agent -> sources.add(A2aAgent.start(agent)));
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
        new McpRoutes(node).route(),
        new A2aRoutes(node).route(),
        new ProactiveRoutes(node).route(),
        new BudgetRoutes(node).route());
  }
}
