package io.llmagentos.rl.space;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;

/** The error of a space that cannot be. */
final class InvalidSpace {
  private InvalidSpace() {}

  static AgentOsException because(String message) {
    return new AgentOsException(ErrorCode.INVALID_REQUEST, message);
  }
}
