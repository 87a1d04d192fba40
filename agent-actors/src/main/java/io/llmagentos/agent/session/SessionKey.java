package io.llmagentos.agent.session;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/**
 * Which dialogue.
 *
 * @param principal the credential's, so that nobody reaches another's session by its id
 */
public record SessionKey(String tenant, String principal, String session) {
  /** As sharding and the journal name it: at most 240 characters. */
  public String entityId() {
    return encode(tenant) + "/" + encode(principal) + "/" + encode(session);
  }

  public static SessionKey parse(String entityId) {
    String[] parts = entityId.split("/", -1);
    return new SessionKey(decode(parts[0]), decode(parts[1]), decode(parts[2]));
  }

  private static String encode(String part) {
    return URLEncoder.encode(part, StandardCharsets.UTF_8);
  }

  private static String decode(String part) {
    return URLDecoder.decode(part, StandardCharsets.UTF_8);
  }
}
