package io.llmagentos.agent.serving;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/**
 * Which agent for whom.
 *
 * @param subject whose things it keeps: a principal, or a user of a principal's
 */
public record AgentKey(String tenant, String agent, String subject) {
  private static final int LONGEST = 240;

  public AgentKey {
    int length = (encode(tenant) + "/" + encode(agent) + "/" + encode(subject)).length();
    if (length > LONGEST) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          "tenant, agent, principal and user have " + length
              + " characters together, encoded; at most " + LONGEST + " may be: shorten 'user'",
          "user");
    }
  }

  public String entityId() {
    return encode(tenant) + "/" + encode(agent) + "/" + encode(subject);
  }

  /**
   * Whose things are meant.
   *
   * @param user a user that the principal names; empty: the principal itself
   */
  public static String subject(String principal, String user) {
    return user.isEmpty() ? principal : principal + "/" + user;
  }

  public static AgentKey parse(String entityId) {
    String[] parts = entityId.split("/", -1);
    return new AgentKey(decode(parts[0]), decode(parts[1]), decode(parts[2]));
  }

  private static String encode(String part) {
    return URLEncoder.encode(part, StandardCharsets.UTF_8);
  }

  private static String decode(String part) {
    return URLDecoder.decode(part, StandardCharsets.UTF_8);
  }
}
