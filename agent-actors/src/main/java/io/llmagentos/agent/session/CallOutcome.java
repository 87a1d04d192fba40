package io.llmagentos.agent.session;

/** How carrying out a call ended. */
sealed interface CallOutcome {
  /** @param error the code when it failed, which means without an effect; else empty */
  record Ended(Call.Status status, String text, String structured, String error)
      implements CallOutcome {
    static Ended succeeded(String text, String structured) {
      return new Ended(Call.Status.SUCCEEDED, text, structured, "");
    }

    static Ended failed(String text, String error) {
      return new Ended(Call.Status.FAILED, text, "", error);
    }
  }

  /** Another agent works on it, or waits for a person. */
  record Pending(String text) implements CallOutcome {}

  /** It may have had its effect or not. */
  record Unknown(String reason) implements CallOutcome {}
}
