package io.llmagentos.agent.session;

import java.util.List;

/**
 * The call that a session was opened for, when another agent asked.
 *
 * @param session the entity id of the session that asks
 * @param turn its turn
 * @param call the call's number in it
 * @param agents who asked whom: the agent that a person talks to first, the one that asks last
 */
public record Origin(String session, String turn, int call, List<String> agents) {
  public Origin {
    agents = List.copyOf(agents);
  }
}
