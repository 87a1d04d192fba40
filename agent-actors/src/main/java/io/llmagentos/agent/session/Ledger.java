package io.llmagentos.agent.session;

import io.llmagentos.agent.definition.AgentDefinition;
import io.llmagentos.agent.tool.ToolTraits;
import io.llmagentos.model.chat.ToolCall;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The rules of a session's ledger: which event a call's next step, a person's decision or a turn's early end is. Pure. */
final class Ledger {
  private Ledger() {}

  static SessionEvent.ApprovalRequested request(
      Turn turn, Call call, Duration expiry, Instant now) {
    return new SessionEvent.ApprovalRequested(
        turn.id(),
        call.number(),
        call.key(),
        call.name(),
        call.arguments(),
        call.argumentsHash(),
        now.plus(expiry),
        now);
  }

  /** @param price of a call, in billionths */
  static SessionEvent.CallStarted start(Turn turn, Call call, long price, Instant now) {
    return new SessionEvent.CallStarted(
        turn.id(),
        call.number(),
        call.key(),
        call.name(),
        call.arguments(),
        call.argumentsHash(),
        now,
        price);
  }

  static SessionEvent.CallEnded end(Turn turn, Call call, CallOutcome.Ended ended, Instant now) {
    return new SessionEvent.CallEnded(
        turn.id(),
        call.number(),
        call.key(),
        call.name(),
        call.arguments(),
        ended.status(),
        ended.text(),
        ended.structured(),
        ended.error(),
        now);
  }

  static SessionEvent.CallUnknown doubt(Turn turn, Call call, String reason, Instant now) {
    return new SessionEvent.CallUnknown(
        turn.id(),
        call.number(),
        call.nextDecision(),
        call.name(),
        call.arguments(),
        call.argumentsHash(),
        reason,
        now);
  }

  /** A call that lays out a plan: the plan, or why it is none. */
  static SessionEvent plan(Turn turn, Call call, AgentDefinition definition, Instant now) {
    int reply = turn.replies().size() - 1;
    List<ToolCall> asked = turn.replies().get(reply).toolCalls();
    try {
      if (asked.stream().filter(each -> each.name().equals(call.name())).count() > 1) {
        throw new AgentOsException(
            ErrorCode.INVALID_REQUEST, "one plan at a time; put all steps into it");
      }
      return new SessionEvent.PlanMade(
          turn.id(),
          PlanTool.read(call, turn.firstCall(reply) + asked.size(), turn, definition),
          now);
    } catch (AgentOsException refused) {
      return end(
          turn,
          call,
          CallOutcome.Ended.failed(
              String.valueOf(refused.getMessage()), refused.code().id()),
          now);
    }
  }

  /** A call that hands the session off: another agent goes on with the next turn. */
  static List<SessionEvent> handOff(Turn turn, Call call, String agent, Instant now) {
    return List.of(
        new SessionEvent.SessionHandedOff(turn.id(), call.number(), agent, now),
        end(
            turn,
            call,
            CallOutcome.Ended.succeeded("'" + agent + "' goes on with the next message.", ""),
            now));
  }

  /** A call that cannot be made. */
  static SessionEvent.CallEnded refuse(Turn turn, Call call, Instant now) {
    return end(turn, call, CallOutcome.Ended.failed(call.result(), call.error()), now);
  }

  /** The waits for approvals that are over; also one that its turn left without a word, as earlier versions did. */
  static List<SessionEvent.CallDecided> expire(Turn turn, Instant now) {
    return turn.calls().stream()
        .filter(call -> call.expiresAt().isAfter(Instant.EPOCH) && !now.isBefore(call.expiresAt()))
        .filter(call -> turn.hasEnded()
            ? call.status() == Call.Status.CANCELLED && call.decisions().isEmpty()
            : call.status() == Call.Status.AWAITING_APPROVAL)
        .map(call -> decided(
            turn,
            call,
            turn.hasEnded() ? Decision.Kind.WITHDRAWN : Decision.Kind.EXPIRED,
            now,
            !turn.hasEnded()))
        .toList();
  }

  /**
   * What a turn leaves behind that ends before its calls: nothing may be approved any more, and a call that runs and cannot be made again is unknown
   * from now on, unless its receipt still comes.
   */
  static List<SessionEvent> leave(Turn turn, Map<String, ToolTraits> tools, Instant now) {
    List<SessionEvent> events = new ArrayList<>();
    for (Call call : turn.calls()) {
      ToolTraits traits = tools.get(call.name());
      if (call.status() == Call.Status.AWAITING_APPROVAL) {
        events.add(decided(turn, call, Decision.Kind.WITHDRAWN, now, false));
      } else if (call.status() == Call.Status.PENDING) {
        events.add(new SessionEvent.CallTakenUp(turn.id(), call.number(), false, now));
      } else if (call.status() == Call.Status.STARTED && (traits == null || !traits.repeatable())) {
        events.add(doubt(turn, call, "Its turn was stopped while it ran.", now));
      }
    }
    return events;
  }

  private static SessionEvent.CallDecided decided(
      Turn turn, Call call, Decision.Kind kind, Instant now, boolean resumes) {
    return new SessionEvent.CallDecided(
        turn.id(),
        call.number(),
        new Decision(kind, call.argumentsHash(), call.arguments(), "", "", now),
        resumes);
  }

  /**
   * A person decides.
   *
   * @param number which of the decisions about the call it is: a repeated one is known by it
   * @param said with empty arguments for those that it was asked about
   */
  static Ruling decide(Turn turn, int callNumber, int number, Decision said) {
    Call call = turn.call(callNumber).orElse(null);
    if (call == null || number > call.nextDecision()) {
      return new Ruling.Refused(ErrorCode.NOT_FOUND, "there is nothing to decide");
    }
    if (number < call.nextDecision()) {
      Decision before = call.decisions().get(number);
      boolean same = before.kind() == said.kind()
          && before.hash().equals(said.hash())
          && before.text().equals(said.text())
          && Call.hash(before.arguments()).equals(wished(said));
      return same ? Ruling.known() : Ruling.conflict("this was decided before: " + told(before));
    }
    if (!call.waits() || call.status() == Call.Status.PENDING) {
      return Ruling.conflict(
          call.name() + " is " + call.status().id() + ": there is nothing to decide");
    }
    boolean asksApproval = call.status() == Call.Status.AWAITING_APPROVAL;
    if (asksApproval == said.kind().settles()) {
      return Ruling.conflict(
          asksApproval
              ? call.name() + " waits for an approval: 'approve' or 'deny' it"
              : "the outcome of " + call.name()
                  + " is unknown: settle it with 'happened', 'did_not_happen' or 'retry'");
    }
    if (!said.hash().equals(call.argumentsHash())) {
      return Ruling.conflict("the decision is about arguments with the hash " + said.hash()
          + ", those of the call have " + call.argumentsHash() + "; read the inbox again");
    }
    if (asksApproval && !said.at().isBefore(call.expiresAt())) {
      return Ruling.conflict("the approval of " + call.name() + " expired at " + call.expiresAt()
          + " (llmagentos.agent.approval-expiry)");
    }
    if (turn.hasEnded() && said.kind() == Decision.Kind.RETRY) {
      return Ruling.conflict(
          "the turn has ended, its calls are not made again; settle with 'happened' or 'did_not_happen'");
    }
    Decision decision = new Decision(
        said.kind(),
        said.hash(),
        said.arguments().isEmpty() ? call.arguments() : said.arguments(),
        said.text(),
        said.by(),
        said.at());
    return Ruling.of(
        new SessionEvent.CallDecided(turn.id(), callNumber, decision, !turn.hasEnded()));
  }

  /** The hash of the arguments that the call is to be made with. */
  private static String wished(Decision said) {
    return said.arguments().isEmpty() ? said.hash() : Call.hash(said.arguments());
  }

  private static String told(Decision decision) {
    return decision.kind().id()
        + (decision.by().isEmpty() ? "" : " by " + decision.by())
        + " at " + decision.at();
  }
}
