package io.llmagentos.agent.schedule;

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

  public Schedule {
    requireMatch("id", id);
    requireMatch("session", session);
    if (text.isBlank() || text.length() > LONGEST_TEXT) {
      throw new IllegalArgumentException("text must have 1 to " + LONGEST_TEXT
          + " characters and not be blank, has " + text.length());
    }
  }

  private static void requireMatch(String what, String value) {
    if (!value.matches("[A-Za-z0-9_-]{1,64}")) {
      throw new IllegalArgumentException(
          what + " must be 1 to 64 of A-Z a-z 0-9 _ -, is '" + value + "'");
    }
  }

  /** The session of those that name none. */
  public static String defaultSession(String agent) {
    String name = agent.replaceAll("[^A-Za-z0-9_-]", "_");
    return "proactive-" + name.substring(0, Math.min(name.length(), 48));
  }
}
