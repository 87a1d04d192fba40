package io.llmagentos.agent.account;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.llmagentos.agent.budget.Quantity;
import io.llmagentos.agent.budget.Usage;
import io.llmagentos.node.journal.JournalEvent;
import io.llmagentos.node.journal.TimerChange;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** What an account's journal holds. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = AccountEvent.LeaseGranted.class, name = "lease_granted"),
  @JsonSubTypes.Type(value = AccountEvent.LeaseSettled.class, name = "lease_settled")
})
public sealed interface AccountEvent extends JournalEvent {
  /**
   * A session may spend so much; when it has not settled the lease by its end, it is asked to.
   *
   * @param session its entity id
   * @param lease its number in the session
   */
  record LeaseGranted(
      String session, long lease, Map<Quantity, Long> granted, Instant expiresAt, Instant at)
      implements AccountEvent {
    public LeaseGranted {
      granted = Map.copyOf(granted);
    }

    @Override
    public List<TimerChange> timerChanges() {
      return List.of(new TimerChange.Set(session, expiresAt));
    }
  }

  /**
   * A session has spent so much under its lease and gives back the rest.
   *
   * @param since when the period began that it counts for
   */
  record LeaseSettled(String session, long lease, Usage used, Instant since, Instant at)
      implements AccountEvent {
    @Override
    public List<TimerChange> timerChanges() {
      return List.of(new TimerChange.Cleared(session));
    }
  }
}
