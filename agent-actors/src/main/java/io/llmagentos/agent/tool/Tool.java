package io.llmagentos.agent.tool;

import io.llmagentos.model.chat.ToolSpecification;

/**
 * Something an agent can do outside the journal: charge a card, send a mail, ask another system. The session's ledger records the call before it
 * starts and its receipt after it; {@link #traits} say what may be done about a call whose receipt is missing. Thread-safe.
 *
 * <p>A user's jar contributes tools as services of this type; a definition connects them by their names.
 */
public interface Tool {
  ToolSpecification specification();

  ToolTraits traits();

  /** What {@link ToolResult#structured} is always like: a JSON Schema, as text; empty: nothing is said about it. */
  default String outputSchema() {
    return "";
  }

  /**
   * Carry out the call. Runs on a thread of its own (virtual), may block, and is interrupted when its time is up.
   *
   * @throws ToolRefusal when it certainly had no effect; the message says why, to the principal
   * @throws Exception otherwise: whether it had an effect is unknown
   */
  ToolResult call(ToolRequest request) throws Exception;
}
