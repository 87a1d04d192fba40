package io.llmagentos.node.artifact;

/** The SHA-256 of an artifact's bytes, 64 lower-case hexadecimal digits. */
public record ArtifactId(String sha256) {
  public ArtifactId {
    if (!sha256.matches("[0-9a-f]{64}")) {
      throw new IllegalArgumentException("'" + sha256 + "' is no SHA-256 in hexadecimal digits");
    }
  }

  @Override
  public String toString() {
    return sha256;
  }
}
