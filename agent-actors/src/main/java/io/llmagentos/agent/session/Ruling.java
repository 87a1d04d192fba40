package io.llmagentos.agent.session;

import io.llmagentos.node.error.ErrorCode;
import java.util.List;

/** What becomes of something that a person wants of a session. */
sealed interface Ruling {
  /** @param events to record; none: it is so already */
  record Accepted(List<SessionEvent> events) implements Ruling {
    public Accepted {
      events = List.copyOf(events);
    }
  }

  record Refused(ErrorCode code, String message) implements Ruling {}

  static Ruling of(SessionEvent event) {
    return new Accepted(List.of(event));
  }

  static Ruling known() {
    return new Accepted(List.of());
  }

  static Ruling conflict(String message) {
    return new Refused(ErrorCode.CONFLICT, message);
  }
}
