package io.llmagentos.agent.schedule;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/**
 * Something to say to an agent at certain times.
 *
 * @param id unique within the agent and its subject
 * @param principal as whom
 * @param session where
 * @param text what; <code>{late}</code> in it stands for how late it is, or for nothing
 * @param declared by the agent's definition, which it goes with
 */
public record Schedule(
    String id, String principal, String session, Timing timing, String text, boolean declared) {
  public static final int LONGEST_TEXT = 16_000;

  /** Of an agent's in the name of a session. */
  private static final int LONGEST_NAME = 48;

  public Schedule {
    requireMatch("id", id);
    requireMatch("session", session);
    if (text.isBlank() || text.length() > LONGEST_TEXT) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          "text must have 1 to " + LONGEST_TEXT + " characters and not be blank, has "
              + text.length(),
          "text");
    }
  }

  private static void requireMatch(String what, String value) {
    if (!value.matches("[A-Za-z0-9_-]{1,64}")) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          what + " must be 1 to 64 of A-Z a-z 0-9 _ -, is '" + value + "'",
          what);
    }
  }

  /**
   * The session of those that name none: another one for each user, as a session is one subject's.
   *
   * @param user of the principal's; empty: the principal itself
   */
  public static String defaultSession(String agent, String user) {
    String of =
        user.isEmpty() ? "" : "-" + UUID.nameUUIDFromBytes(user.getBytes(StandardCharsets.UTF_8));
    String name = agent.replaceAll("[^A-Za-z0-9_-]", "_");
    return "proactive-" + name.substring(0, Math.min(name.length(), LONGEST_NAME - of.length()))
        + of;
  }
}
