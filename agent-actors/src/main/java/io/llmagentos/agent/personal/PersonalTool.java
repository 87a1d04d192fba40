package io.llmagentos.agent.personal;

import io.llmagentos.model.chat.ToolSpecification;
import java.util.Optional;

/**
 * Something an agent can do with what it keeps for its principal. Pure: it reads the state and the clock it is given and returns events and an
 * answer; the agent persists the events together with the call's key, so a call has its effect exactly once however often it is repeated.
 *
 * <p>A user's jar contributes tools as services of this type; a definition connects them by their names.
 */
public interface PersonalTool {
  ToolSpecification specification();

  /** Whether it only tells something. */
  default boolean tells() {
    return false;
  }

  /** The tool that takes back what this one has done, with the same arguments; empty: none does. */
  default Optional<String> undo() {
    return Optional.empty();
  }

  /** Must return quickly and not block. May throw {@link ToolException} for arguments that make no sense; nothing is then changed. */
  ToolOutcome call(ToolArguments arguments, ToolContext context);
}
