package io.llmagentos.agent.account;

import io.llmagentos.agent.budget.AccountLimits;
import io.llmagentos.agent.budget.BudgetSettings;
import io.llmagentos.agent.budget.Exceeded;
import io.llmagentos.agent.budget.Limits;
import io.llmagentos.agent.budget.Quantity;
import io.llmagentos.agent.budget.Usage;
import io.llmagentos.node.journal.EventProjection;
import io.llmagentos.node.wire.WireMessage;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.ObjLongConsumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.RetentionCriteria;

/**
 * What a tenant or a principal may spend. Sessions spend what they have leased and settle it afterwards; a lease is known by its session and number, so that
 * granting and settling it again have no second effect. What is used and what is leased is never more than the limit when a lease is granted; above it
 * goes only what sessions spend beyond their leases, which is one reply of a model, or the calls of one, each.
 *
 * <p>A request to a model that is no session's has one lease, as if it were a session. Nobody can be asked what it spent: when its lease
 * is over, it gets back what was leased, and what is settled later still counts.
 */
public final class Account
    extends EventSourcedBehavior<Account.Command, AccountEvent, AccountState> {
  public static final String KIND = "account";
  public static final EntityTypeKey<Command> KEY = EntityTypeKey.create(Command.class, KIND);

  private static final int SNAPSHOT_EVERY = 100;

  /** No session's entity id has a colon. */
  private static final String REQUEST = "request:";

  public sealed interface Command extends WireMessage {}

  /**
   * A session wants its next lease. While sessions that rest have leases of which there is too little, they are asked for them and nothing is answered:
   * ask again.
   *
   * @param session its entity id, or {@link #request}
   * @param lease its number, one more than the one before
   * @param before what the lease before was settled with
   * @param needed what the session will spend at least
   * @param patient whether it will ask again
   */
  public record Take(
      String session,
      long lease,
      Usage before,
      Usage needed,
      boolean patient,
      ActorRef<Reply> replyTo)
      implements Command {}

  /** A session has spent so much under a lease. */
  public record Settle(String session, long lease, Usage used) implements Command {}

  public record Describe(ActorRef<Reply> replyTo) implements Command {}

  /** The lease of a session is over. */
  public record Wake(String session) implements Command {}

  public sealed interface Reply extends WireMessage {}

  /** @param granted of each quantity that is limited */
  public record Leased(long lease, Map<Quantity, Long> granted, Instant expiresAt)
      implements Reply {
    public Leased {
      granted = Map.copyOf(granted);
    }
  }

  public record Refused(long lease, Exceeded why) implements Reply {}

  /**
   * @param since when the period began that {@code used} counts for
   * @param leased by sessions, of each quantity that is limited
   */
  public record Description(Instant since, Usage used, Map<Quantity, Long> leased)
      implements Reply {
    public Description {
      leased = Map.copyOf(leased);
    }
  }

  /** @param recall asks a session, by its entity id, to settle a lease */
  public record Dependencies(
      Clock clock, BudgetSettings settings, ObjLongConsumer<String> recall) {}

  private final AccountKey key;
  private final Dependencies dependencies;

  private Account(String entityId, Dependencies dependencies) {
    super(
        PersistenceId.of(KIND, entityId),
        SupervisorStrategy.restartWithBackoff(Duration.ofMillis(200), Duration.ofSeconds(5), 0.2));
    this.key = AccountKey.parse(entityId);
    this.dependencies = dependencies;
  }

  /** A new request, in a session's place. */
  static String request() {
    return REQUEST + UUID.randomUUID();
  }

  private static boolean isRequest(String session) {
    return session.startsWith(REQUEST);
  }

  public static Behavior<Command> create(String entityId, Dependencies dependencies) {
    return Behaviors.setup(context -> new Account(entityId, dependencies));
  }

  @Override
  public AccountState emptyState() {
    return AccountState.EMPTY;
  }

  @Override
  public CommandHandler<Command, AccountEvent, AccountState> commandHandler() {
    return newCommandHandlerBuilder()
        .forAnyState()
        .onCommand(Take.class, this::onTake)
        .onCommand(Settle.class, this::onSettle)
        .onCommand(Describe.class, this::onDescribe)
        .onCommand(Wake.class, this::onWake)
        .build();
  }

  @Override
  public EventHandler<AccountState, AccountEvent> eventHandler() {
    return newEventHandlerBuilder().forAnyState().onAnyEvent(AccountState::apply);
  }

  @Override
  public Set<String> tagsFor(AccountEvent event) {
    return EventProjection.tags(persistenceId().id());
  }

  @Override
  public RetentionCriteria retentionCriteria() {
    return RetentionCriteria.snapshotEvery(SNAPSHOT_EVERY, 2);
  }

  private Effect<AccountEvent, AccountState> onTake(AccountState state, Take take) {
    AccountState.Outstanding known = state.lease(take.session()).orElse(null);
    if (known != null && known.lease() == take.lease()) {
      return Effect().none().thenReply(take.replyTo(), s -> leased(known));
    }
    if (state.wasSettled(take.session(), take.lease())
        || (known != null && known.lease() > take.lease())) {
      return Effect().none(); // a message that comes late
    }
    AccountLimits limits = key.limits(dependencies.settings()).orElse(null);
    if (limits == null) {
      return Effect()
          .none()
          .thenReply(take.replyTo(), s -> new Leased(take.lease(), Map.of(), leaseEnd()));
    }
    List<AccountEvent> events = new ArrayList<>();
    if (known != null) {
      Usage before = known.lease() == take.lease() - 1 ? take.before() : Usage.NONE;
      events.add(settlement(limits, take.session(), known.lease(), before));
    }
    AccountState then = events.isEmpty() ? state : state.apply(events.getFirst());
    Usage used = then.usedSince(limits.per().start(now()));
    Quantity lacking = then.lacks(limits.limits(), used, take.needed()).orElse(null);
    if (lacking == null) {
      events.add(new AccountEvent.LeaseGranted(
          take.session(),
          take.lease(),
          then.grant(limits.limits(), most(take.session()), used, take.needed()),
          leaseEnd(),
          now()));
      return Effect()
          .persist(events)
          .thenReply(take.replyTo(), s -> leased(s.lease(take.session()).orElseThrow()));
    }
    return Effect().persist(events).thenRun(s -> {
      if (take.patient() && s.leased(lacking) > 0) {
        s.leases().forEach((session, lease) -> {
          if (!isRequest(session)) {
            dependencies.recall().accept(session, lease.lease());
          }
        });
      } else {
        take.replyTo()
            .tell(new Refused(
                take.lease(),
                limits.exceeded(key.scope(), lacking, used.of(lacking) + s.leased(lacking))));
      }
    });
  }

  /** A request is one step and makes no calls. */
  private Limits most(String session) {
    Map<Quantity, Long> most = new HashMap<>(dependencies.settings().lease().most());
    if (isRequest(session)) {
      most.put(Quantity.STEPS, 1L);
      most.put(Quantity.TOOL_CALLS, 0L);
    }
    return new Limits(most);
  }

  private static Leased leased(AccountState.Outstanding lease) {
    return new Leased(lease.lease(), lease.granted(), lease.expiresAt());
  }

  private Effect<AccountEvent, AccountState> onSettle(AccountState state, Settle settle) {
    AccountLimits limits = limitsOfSettlement();
    boolean outstanding = state
        .lease(settle.session())
        .filter(lease -> lease.lease() == settle.lease())
        .isPresent();
    boolean late = isRequest(settle.session()) && !settle.used().equals(Usage.NONE);
    return outstanding || late
        ? Effect().persist(settlement(limits, settle.session(), settle.lease(), settle.used()))
        : Effect().none();
  }

  private AccountLimits limitsOfSettlement() {
    return key.limits(dependencies.settings())
        .orElseGet(() -> dependencies.settings().tenant()); // no longer limited: any period will do
  }

  private AccountEvent settlement(AccountLimits limits, String session, long lease, Usage used) {
    Instant at = now();
    return new AccountEvent.LeaseSettled(session, lease, used, limits.per().start(at), at);
  }

  private Effect<AccountEvent, AccountState> onDescribe(AccountState state, Describe describe) {
    AccountLimits limits = key.limits(dependencies.settings()).orElse(null);
    Instant since = limits == null ? state.since() : limits.per().start(now());
    Map<Quantity, Long> leased = new HashMap<>();
    if (limits != null) {
      limits
          .limits()
          .most()
          .keySet()
          .forEach(quantity -> leased.put(quantity, state.leased(quantity)));
    }
    return Effect()
        .none()
        .thenReply(describe.replyTo(), s -> new Description(since, s.usedSince(since), leased));
  }

  private Effect<AccountEvent, AccountState> onWake(AccountState state, Wake wake) {
    AccountState.Outstanding lease = state.lease(wake.session()).orElse(null);
    if (lease != null && isRequest(wake.session())) {
      return Effect()
          .persist(settlement(limitsOfSettlement(), wake.session(), lease.lease(), Usage.NONE));
    }
    if (lease != null) {
      dependencies.recall().accept(wake.session(), lease.lease());
    }
    return Effect().none();
  }

  private Instant leaseEnd() {
    return now().plus(dependencies.settings().leaseTime());
  }

  private Instant now() {
    return dependencies.clock().instant();
  }
}
