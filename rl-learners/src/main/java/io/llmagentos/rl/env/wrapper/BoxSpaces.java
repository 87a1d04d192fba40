package io.llmagentos.rl.env.wrapper;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.rl.space.Box;
import io.llmagentos.rl.space.Space;

/** The boxes that some wrappers insist on. */
final class BoxSpaces {
  private BoxSpaces() {}

  static Box require(String wrapper, Space<?> space) {
    if (space instanceof Box box) {
      return box;
    }
    throw new AgentOsException(ErrorCode.INVALID_REQUEST, wrapper + " needs a Box, not " + space);
  }
}
