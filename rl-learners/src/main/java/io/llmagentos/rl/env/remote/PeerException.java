package io.llmagentos.rl.env.remote;

/** What went wrong with the process on the other side. */
final class PeerException extends Exception {
  private static final long serialVersionUID = 1L;

  private final boolean lasting;

  private PeerException(String message, boolean lasting) {
    super(message);
    this.lasting = lasting;
  }

  /** It died, was slow or reported an error: another one may do better. */
  static PeerException lost(String message) {
    return new PeerException(message, false);
  }

  /** It broke the protocol or its own spaces, which it would do again. */
  static PeerException broken(String message) {
    return new PeerException(message, true);
  }

  boolean lasting() {
    return lasting;
  }
}
