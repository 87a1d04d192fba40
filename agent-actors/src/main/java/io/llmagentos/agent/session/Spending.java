package io.llmagentos.agent.session;

import io.llmagentos.agent.budget.Budget;
import io.llmagentos.agent.budget.Exceeded;
import io.llmagentos.agent.budget.Prices;
import io.llmagentos.agent.budget.Quantity;
import io.llmagentos.agent.budget.Usage;
import io.llmagentos.agent.definition.AgentDefinition;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.ChatRequest;
import io.llmagentos.model.chat.Sampling;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What turns spend: counted from the events alone, so that a replay counts each token once, and what the next step would spend at least. Pure.
 *
 * @param more what the turn has spent that no event says yet
 */
record Spending(
    SessionState state, Turn turn, AgentDefinition definition, Prices prices, Usage more) {
  /** What an event says was spent on a turn. */
  record Spent(String turn, Usage usage) {}

  private static final Spent NOTHING = new Spent("", Usage.NONE);

  /** @param before the state before the event */
  static Spent of(SessionEvent event, SessionState before) {
    return switch (event) {
      case SessionEvent.ModelReplied replied ->
        new Spent(
            replied.turn(),
            of(List.of(replied.reply()))
                .plus(new Usage(0, 0, 0, replied.cost(), 0, replied.millis())));
      case SessionEvent.CallStarted started ->
        isKnown(before, started.turn(), started.call(), true)
            ? NOTHING
            : new Spent(started.turn(), new Usage(0, 0, 0, started.cost(), 1, 0));
      case SessionEvent.CallEnded ended ->
        isKnown(before, ended.turn(), ended.call(), false)
            ? NOTHING
            : new Spent(ended.turn(), new Usage(0, 0, 0, 0, 1, 0));
      case SessionEvent.TurnSuspended suspended ->
        new Spent(suspended.turn(), new Usage(0, 0, 0, 0, 0, suspended.millis()));
      case SessionEvent.TurnFinished finished -> {
        long calls = finished.calls().stream()
            .filter(call -> !isKnown(before, finished.turn(), call.number(), false))
            .count();
        yield new Spent(finished.turn(), new Usage(0, 0, 0, 0, calls, finished.millis()));
      }
      default -> NOTHING;
    };
  }

  static Usage of(List<ChatReply> replies) {
    return new Usage(
        replies.size(),
        replies.stream().mapToLong(reply -> reply.usage().promptTokens()).sum(),
        replies.stream().mapToLong(reply -> reply.usage().completionTokens()).sum(),
        0,
        0,
        0);
  }

  /** Whether the ledger has the call, and, if that is asked, has it started before. */
  private static boolean isKnown(SessionState state, String turn, int call, boolean started) {
    return state
        .turn(turn)
        .flatMap(known -> known.call(call))
        .filter(known -> !started
            || known.decisions().stream()
                .anyMatch(decision -> decision.kind() == Decision.Kind.RETRY))
        .isPresent();
  }

  /** What the turn's next step will spend at least. */
  Usage needed(NextStep step) {
    Usage token = new Usage(0, 0, 1, prices.ofToken(definition.model()), 0, 0);
    boolean cut = !turn.replies().isEmpty()
        && turn.replies().getLast().finishReason() == ChatReply.FinishReason.LENGTH;
    return switch (step) {
      case NextStep.AskModel ask -> prices.least(definition.model());
      case NextStep.Act act -> calls(act).plus(cut ? token : Usage.NONE);
      // A reply that was cut short lacks at least one token.
      case NextStep.Answer answer -> cut ? token : Usage.NONE;
      case NextStep.Suspend suspend -> Usage.NONE;
    };
  }

  private Usage calls(NextStep.Act act) {
    Usage calls = Usage.NONE;
    for (NextStep.Action action : act.actions()) {
      Usage call = switch (action.kind()) {
        case PERSONAL -> new Usage(0, 0, 0, 0, 1, 1);
        case START ->
          action.call().decisions().stream()
                  .anyMatch(decision -> decision.kind() == Decision.Kind.RETRY)
              ? Usage.NONE
              : new Usage(0, 0, 0, prices.ofCall(action.call().name()), 1, 1);
        case ASK_APPROVAL, REPEAT, DOUBT, PLAN, HAND_OFF, REFUSE -> Usage.NONE;
      };
      calls = calls.plus(call);
    }
    return calls;
  }

  /** The limit of the agent's definition that forbids to spend so much more. */
  Optional<Exceeded> exceeded(Usage needed) {
    Budget budget = definition.budget();
    return budget.exceeded(turn.usage().plus(more), state.usage().plus(more), needed);
  }

  /** How long the turn may still be worked on; empty: as long as it takes. */
  OptionalLong millisLeft() {
    return definition
        .budget()
        .left(Quantity.WALL_TIME, turn.usage().plus(more), state.usage().plus(more));
  }

  /** The request, with an answer no longer than what is left pays for. */
  ChatRequest bounded(ChatRequest request) {
    long most =
        Math.min(left(Quantity.TOKENS, 1), left(Quantity.COST, prices.ofToken(definition.model())));
    Sampling sampling = request.sampling();
    if (most > Integer.MAX_VALUE || (sampling.maxTokens() > 0 && sampling.maxTokens() <= most)) {
      return request;
    }
    return new ChatRequest(
        request.model(),
        request.messages(),
        request.tools(),
        request.toolChoice(),
        new Sampling(
            sampling.temperature(),
            sampling.topP(),
            (int) Math.max(1, most),
            sampling.seed(),
            sampling.stop()));
  }

  /** Tokens that what is left of a quantity suffices for. */
  private long left(Quantity quantity, long each) {
    if (each == 0) {
      return Long.MAX_VALUE;
    }
    OptionalLong left = definition.budget().left(quantity, turn.usage(), state.usage());
    return left.isEmpty() ? Long.MAX_VALUE : left.getAsLong() / each;
  }
}
