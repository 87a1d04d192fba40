package io.llmagentos.agent.session;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;

/**
 * How much of a session's events a client has seen; as text the {@code id} of a server-sent event.
 *
 * @param session the session's version
 * @param notice the agent's latest notice
 */
public record SessionPosition(long session, long notice) {
  public static final SessionPosition START = new SessionPosition(0, 0);

  /** Reads {@code 12-3}; a single number is the session's. */
  public static SessionPosition parse(String text) {
    try {
      int dash = text.indexOf('-');
      return dash < 0
          ? new SessionPosition(Long.parseLong(text), 0)
          : new SessionPosition(
              Long.parseLong(text.substring(0, dash)), Long.parseLong(text.substring(dash + 1)));
    } catch (NumberFormatException e) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          "Last-Event-ID must be an id of this stream such as 12-3, is '" + text + "'",
          "Last-Event-ID",
          e);
    }
  }

  @Override
  public String toString() {
    return session + "-" + notice;
  }
}
