package io.llmagentos.agent.budget;

import com.typesafe.config.Config;
import io.llmagentos.node.settings.Settings;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** What an agent's turns and sessions may spend. A limit stops what would spend more, never what is done already. */
public record Budget(Limits turn, Limits session) {
  public static final Budget NONE = new Budget(Limits.NONE, Limits.NONE);

  private static final List<String> KEYS = List.of("session", "turn");

  /**
   * Read {@code turn: {...}, session: {...}}.
   *
   * @throws IllegalArgumentException naming the key at fault
   */
  public static Budget read(Config budget) {
    for (String key : budget.root().keySet()) {
      if (!KEYS.contains(key)) {
        throw new IllegalArgumentException("unknown key budget." + key + "; did you mean budget."
            + Settings.nearest(key, KEYS).orElseThrow() + "?");
      }
    }
    return new Budget(limits(budget, "turn"), limits(budget, "session"));
  }

  private static Limits limits(Config budget, String scope) {
    return budget.hasPath(scope)
        ? Limits.read(budget.getConfig(scope), "budget." + scope, '_', List.of())
        : Limits.NONE;
  }

  /**
   * The limit that forbids to go on.
   *
   * @param needed what the next step will spend at least
   */
  public Optional<Exceeded> exceeded(Usage ofTurn, Usage ofSession, Usage needed) {
    return exceeded(Exceeded.Scope.TURN, turn, ofTurn, needed)
        .or(() -> exceeded(Exceeded.Scope.SESSION, session, ofSession, needed));
  }

  private static Optional<Exceeded> exceeded(
      Exceeded.Scope scope, Limits limits, Usage used, Usage needed) {
    return limits
        .exceeded(used, needed)
        .map(quantity -> new Exceeded(
            scope,
            quantity,
            limits.most().getOrDefault(quantity, 0L),
            used.of(quantity),
            "budget." + scope.id() + "." + quantity.id()));
  }

  /** How much the turn may still spend; empty: any amount. */
  public OptionalLong left(Quantity quantity, Usage ofTurn, Usage ofSession) {
    OptionalLong left = turn.left(quantity, ofTurn);
    OptionalLong leftOfSession = session.left(quantity, ofSession);
    return left.isEmpty() || leftOfSession.isEmpty()
        ? (left.isEmpty() ? leftOfSession : left)
        : OptionalLong.of(Math.min(left.getAsLong(), leftOfSession.getAsLong()));
  }
}
