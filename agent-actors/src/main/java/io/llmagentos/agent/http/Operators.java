package io.llmagentos.agent.http;

import io.llmagentos.agent.serving.AgentSettings;
import io.llmagentos.node.Node;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.util.Set;

/** Who may decide for others, within a tenant. */
final class Operators {
  private final Set<String> operators;

  Operators(Node node) {
    this.operators = node.service(AgentSettings.class).operators();
  }

  /** @throws AgentOsException {@code FORBIDDEN} */
  void require(Context context) {
    String caller = context.tenant() + "/" + context.principal();
    if (!operators.contains(caller)) {
      throw new AgentOsException(
          ErrorCode.FORBIDDEN, "'" + caller + "' is no operator (llmagentos.agent.operators)");
    }
  }

  /** Returns the principal whose things an operator names. */
  String require(Context context, String principal) {
    require(context);
    return principal;
  }
}
