package io.llmagentos.agent.tool;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Names that every model takes, 1 to 64 of {@code a-z A-Z 0-9 _ -}, for tools that others named. */
public final class ToolNames {
  private static final int LONGEST = 64;
  private static final int DIGITS = 8;
  private static final String BETWEEN = "__";

  private ToolNames() {}

  /** {@code source__tool}; a name that had to be changed for it ends with a hash, so that it stays the only one. */
  public static String of(String source, String tool) {
    String name = prefix(source) + tool.replaceAll("[^a-zA-Z0-9_-]", "_");
    if (name.length() <= LONGEST && name.equals(prefix(source) + tool)) {
      return name;
    }
    int kept = Math.min(name.length(), LONGEST - DIGITS - 1);
    return name.substring(0, kept) + "_" + hash(tool);
  }

  /** What the names of a source's tools begin with. */
  public static String prefix(String source) {
    return source + BETWEEN;
  }

  private static String hash(String text) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash).substring(0, DIGITS);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
