package io.llmagentos.agent.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.agent.AgentOs;
import io.llmagentos.agent.account.Account;
import io.llmagentos.agent.account.AccountEvent;
import io.llmagentos.agent.account.AccountKey;
import io.llmagentos.agent.account.Accounts;
import io.llmagentos.agent.budget.Exceeded;
import io.llmagentos.agent.budget.Quantity;
import io.llmagentos.agent.budget.Usage;
import io.llmagentos.agent.session.Session;
import io.llmagentos.agent.session.SessionEvent;
import io.llmagentos.agent.session.SessionKey;
import io.llmagentos.agent.session.Sessions;
import io.llmagentos.agent.session.Turn;
import io.llmagentos.node.http.Api;
import io.llmagentos.node.journal.EventProjection;
import io.llmagentos.node.journal.JournalEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.persistence.jdbc.query.javadsl.JdbcReadJournal;
import org.apache.pekko.persistence.query.PersistenceQuery;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Accounts that sessions draw on, with a real journal. */
class AccountsTest {
  @RegisterExtension
  static final RunningNode NODE = new RunningNode("""
      llmagentos.agent.budget {
        principal { per = forever, steps = 1000 }
        principals {
          "local/racing" { per = forever, steps = 10 }
          "local/poor" { per = forever, tokens = 0 }
          "local/free" {}
        }
        lease { steps = 2 }
        lease-time = 2s
      }
      """);

  private static final Duration LIMIT = Duration.ofMinutes(3);
  private static final String WHOLE = "whole";

  private static Turn say(String principal, String session, String turn) {
    return later(principal, session, turn).toCompletableFuture().join();
  }

  private static CompletionStage<Turn> later(String principal, String session, String turn) {
    return AgentOs.on(NODE.node()).session("assistant", principal, session).say(turn, "hello");
  }

  private static Account.Description account(String principal) {
    return NODE.node()
        .service(Accounts.class)
        .describe(new AccountKey("local", principal))
        .toCompletableFuture()
        .join();
  }

  private static Usage used(String principal, String session) {
    return NODE.node()
        .service(Sessions.class)
        .describe(new SessionKey("local", principal, session))
        .toCompletableFuture()
        .join()
        .usage();
  }

  private static void awaitNothingLeased(String principal) {
    await("what is leased to " + principal + " comes back when its time is over")
        .atMost(LIMIT)
        .until(() -> account(principal).leased().values().stream().allMatch(amount -> amount == 0));
  }

  @Test
  void shouldGiveSessionsThatRaceExactlyTheLimit() {
    List<CompletionStage<Turn>> turns =
        IntStream.range(0, 24).mapToObj(i -> later("racing", "s" + i, "t")).toList();
    long completed = 0;
    for (CompletionStage<Turn> stage : turns) {
      Turn turn = stage.toCompletableFuture().join();
      if (turn.status() == Turn.Status.COMPLETED) {
        completed++;
      } else {
        assertThat(turn.status()).as(turn.answer()).isEqualTo(Turn.Status.BUDGET_EXCEEDED);
        Exceeded why = turn.exceeded().orElseThrow();
        assertThat(why.scope()).isEqualTo(Exceeded.Scope.PRINCIPAL);
        assertThat(why.quantity()).isEqualTo(Quantity.STEPS);
        assertThat(why.limit()).isEqualTo(10);
        assertThat(why.key())
            .isEqualTo("llmagentos.agent.budget.principals.\"local/racing\".steps");
      }
    }
    assertThat(completed).isBetween(1L, 10L);
    awaitNothingLeased("racing");
    assertThat(account("racing").used().steps()).isEqualTo(completed);
    AtomicInteger late = new AtomicInteger();
    for (; completed < 10; completed++) {
      await("what resting sessions held is there for the others")
          .atMost(LIMIT)
          .until(() -> say("racing", "late" + late.incrementAndGet(), "t").status()
              == Turn.Status.COMPLETED);
    }
    assertThat(say("racing", "late", "t").status()).isEqualTo(Turn.Status.BUDGET_EXCEEDED);
    awaitNothingLeased("racing");
    assertThat(account("racing").used().steps()).isEqualTo(10);
  }

  @Test
  void shouldRefuseWithoutAskingTheModelWhenNothingIsLeft() {
    Turn turn = say("poor", "s", "t");
    assertThat(turn.status()).isEqualTo(Turn.Status.BUDGET_EXCEEDED);
    assertThat(turn.answer()).contains("budget of this principal", "0 of 0 tokens");
    assertThat(turn.usage().steps()).isZero();
  }

  @Test
  void shouldCostNoEventsWhereNobodyLimits() throws Exception {
    say("free", "s", "t");
    assertThat(journal(Session.KIND, "local/free/s", SessionEvent.class)).hasSize(4);
    assertThat(journal(Account.KIND, "local/free", AccountEvent.class)).isEmpty();
  }

  @Test
  void shouldTellThePrincipalItsBudget() throws Exception {
    say("local", "told", "t");
    JsonNode budget = NODE.get("/v1/budget").json();
    assertThat(budget.has("tenant")).isFalse();
    JsonNode own = budget.path("principal");
    assertThat(own.path("name").asText()).isEqualTo("local");
    assertThat(own.path("per").asText()).isEqualTo("forever");
    assertThat(own.path("limits").path("steps").asText()).isEqualTo("1000");
    assertThat(own.path("used").path("steps").asInt()
            + own.path("leased").path("steps").asInt())
        .isPositive();
  }

  /**
   * A crash between every two events of a session and of its account: their journals are cut at every pair of points that a crash can leave, and the session goes
   * on. Nothing that it spent is lost and nothing is settled twice.
   */
  @Test
  void shouldSettleEverythingOnceFromEveryPointOfBothJournals() throws Exception {
    List<String> turns = List.of("t1", "t2", "t3", "t4", "t5");
    turns.forEach(turn -> say(WHOLE, "s", turn));
    List<SessionEvent> session = journal(Session.KIND, "local/whole/s", SessionEvent.class);
    List<AccountEvent> account = journal(Account.KIND, "local/whole", AccountEvent.class);
    assertThat(count(session, SessionEvent.BudgetLeased.class, session.size()))
        .as("two steps a lease")
        .isGreaterThanOrEqualTo(3);

    List<String> principals = new ArrayList<>();
    for (int s = 1; s <= session.size(); s++) {
      long leased = count(session, SessionEvent.BudgetLeased.class, s);
      long settled = count(session, SessionEvent.LeaseSettled.class, s);
      for (int a = 0; a <= account.size(); a++) {
        long granted = count(account, AccountEvent.LeaseGranted.class, a);
        long accounted = count(account, AccountEvent.LeaseSettled.class, a);
        // The account grants before the session knows, and hears of a settlement after the session
        // knows.
        if (granted >= leased && granted <= settled + 1 && accounted <= settled) {
          String principal = "crash-%02d-%02d".formatted(s, a);
          principals.add(principal);
          seed(
              Session.KIND, "local/" + principal + "/s", SessionEvent.class, session.subList(0, s));
          if (a > 0) {
            seed(Account.KIND, "local/" + principal, AccountEvent.class, account.subList(0, a));
          }
        }
      }
    }
    assertThat(principals).hasSizeGreaterThan(session.size());
    for (String principal : principals) {
      turns.forEach(turn -> assertThat(say(principal, "s", turn).status())
          .as("%s of %s", turn, principal)
          .isEqualTo(Turn.Status.COMPLETED));
    }
    for (String principal : principals) {
      awaitNothingLeased(principal);
      assertThat(used(principal, "s").steps()).as(principal).isEqualTo(turns.size());
      assertThat(account(principal).used()).as(principal).isEqualTo(used(principal, "s"));
    }
  }

  private static long count(List<?> events, Class<?> type, int first) {
    return events.subList(0, first).stream().filter(type::isInstance).count();
  }

  private static <E extends JournalEvent> List<E> journal(String kind, String entity, Class<E> type)
      throws Exception {
    ActorSystem<?> system = NODE.node().system();
    return PersistenceQuery.get(system)
        .getReadJournalFor(JdbcReadJournal.class, JdbcReadJournal.Identifier())
        .currentEventsByPersistenceId(kind + "|" + entity, 1, Long.MAX_VALUE)
        .map(envelope -> type.cast(envelope.event()))
        .runFold(
            new ArrayList<E>(),
            (events, event) -> {
              events.add(event);
              return events;
            },
            system)
        .toCompletableFuture()
        .get(60, TimeUnit.SECONDS);
  }

  /** Write an entity's journal before the entity is there. */
  private static <E extends JournalEvent> void seed(
      String kind, String entity, Class<E> type, List<E> events) throws Exception {
    String principal = entity.split("/", -1)[1];
    List<JournalEvent> own = new ArrayList<>();
    for (E event : events) {
      String json = Api.JSON.writerFor(type).writeValueAsString(event);
      own.add(Api.JSON.readValue(
          json.replace("local/" + WHOLE, "local/" + principal)
              .replace("\"" + WHOLE + "\"", "\"" + principal + "\""),
          type));
    }
    ActorRef<Write> writer = NODE.node().spawn(new Writer(kind, entity), kind + "-" + principal);
    AskPattern.<Write, Done>ask(
            writer,
            replyTo -> new Write(own, replyTo),
            Duration.ofSeconds(30),
            NODE.node().system().scheduler())
        .toCompletableFuture()
        .get(60, TimeUnit.SECONDS);
  }

  private record Write(List<JournalEvent> events, ActorRef<Done> replyTo) {}

  private static final class Writer extends EventSourcedBehavior<Write, JournalEvent, Integer> {
    Writer(String kind, String entity) {
      super(PersistenceId.ofUniqueId(kind + "|" + entity));
    }

    @Override
    public Integer emptyState() {
      return 0;
    }

    @Override
    public CommandHandler<Write, JournalEvent, Integer> commandHandler() {
      return (written, write) -> Effect()
          .persist(write.events())
          .thenRun(all -> write.replyTo().tell(Done.getInstance()))
          .thenStop();
    }

    @Override
    public EventHandler<Integer, JournalEvent> eventHandler() {
      return (written, event) -> written + 1;
    }

    @Override
    public Set<String> tagsFor(JournalEvent event) {
      return EventProjection.tags(persistenceId().id());
    }
  }
}
