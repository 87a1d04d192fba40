package io.llmagentos.agent.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmagentos.agent.tool.ToolTraits;
import io.llmagentos.node.envelope.ContentPart;
import io.llmagentos.node.error.ErrorCode;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LedgerTest {
  private static final Instant NOW = Instant.parse("2026-11-23T20:00:00Z");
  private static final String ARGUMENTS = "{\"order\": 118, \"amount\": 20}";
  private static final String HASH = Call.hash(ARGUMENTS);
  private static final Call REFUND = Call.planned("k", 0, "refund", ARGUMENTS);

  @Test
  void shouldHashWhatArgumentsMeanNotHowTheyAreWritten() {
    assertThat(Call.hash("{\"amount\":20,\"order\":118}")).isEqualTo(HASH);
    assertThat(Call.hash("{\"amount\":21,\"order\":118}")).isNotEqualTo(HASH);
    assertThat(Call.hash("not json")).isNotEqualTo(Call.hash("not  json"));
  }

  @Test
  void shouldRecordAnApprovalOfExactlyTheseArguments() {
    Turn turn = awaiting();
    assertThat(Ledger.decide(turn, 0, 0, approve(HASH, "")))
        .isEqualTo(Ruling.of(new SessionEvent.CallDecided("t", 0, approve(HASH, ARGUMENTS), true)));
    assertRefused(Ledger.decide(turn, 0, 0, approve(Call.hash("{\"amount\":2000}"), "")), HASH);
  }

  @Test
  void shouldTakeOtherArgumentsWithTheApproval() {
    String less = "{\"order\":118,\"amount\":10}";
    Turn turn = apply(awaiting(), Ledger.decide(awaiting(), 0, 0, approve(HASH, less)));
    Call call = turn.call(0).orElseThrow();
    assertThat(call.status()).isEqualTo(Call.Status.APPROVED);
    assertThat(call.arguments()).isEqualTo(less);
    assertThat(Ledger.start(turn, call, 0, NOW).hash()).isEqualTo(Call.hash(less));
    assertThat(call.started().ended(Call.Status.SUCCEEDED, "done", "", "").forModel())
        .isEqualTo("(a person changed the arguments to " + less + ") done");
  }

  @Test
  void shouldKnowARepeatedDecisionAndRefuseAnotherOne() {
    Turn decided = apply(awaiting(), Ledger.decide(awaiting(), 0, 0, approve(HASH, "")));
    assertThat(Ledger.decide(decided, 0, 0, approve(HASH, ""))).isEqualTo(Ruling.known());
    assertRefused(
        Ledger.decide(decided, 0, 0, approve(HASH, "{\"amount\":1}")), "approved by carol");
    assertRefused(
        Ledger.decide(decided, 0, 0, said(Decision.Kind.DENIED, NOW)), "approved by carol");
    assertRefused(Ledger.decide(decided, 0, 1, approve(HASH, "")), "nothing to decide");
    assertThat(((Ruling.Refused) Ledger.decide(decided, 0, 2, approve(HASH, ""))).code())
        .isEqualTo(ErrorCode.NOT_FOUND);
  }

  @Test
  void shouldRefuseAnApprovalAfterItsDeadlineAndExpireIt() {
    Turn turn = awaiting();
    Instant late = NOW.plusSeconds(60);
    assertRefused(
        Ledger.decide(turn, 0, 0, said(Decision.Kind.APPROVED, late)),
        "expired at " + late,
        "approval-expiry");
    assertThat(Ledger.expire(turn, late.minusMillis(1))).isEmpty();
    List<SessionEvent.CallDecided> expired = Ledger.expire(turn, late);
    assertThat(expired).hasSize(1);
    assertThat(expired.getFirst().decision().kind()).isEqualTo(Decision.Kind.EXPIRED);
    assertThat(REFUND.decided(expired.getFirst().decision()).forPrincipal())
        .isEqualTo("Nobody approved refund in time.");
  }

  @Test
  void shouldSettleOnlyWhatIsUnknownAndApproveOnlyWhatWaitsForIt() {
    assertRefused(Ledger.decide(awaiting(), 0, 0, said(Decision.Kind.HAPPENED, NOW)), "approve");
    Turn unknown = turn(REFUND.started().unknown("lost"));
    assertRefused(Ledger.decide(unknown, 0, 0, approve(HASH, "")), "settle");

    Turn again = apply(unknown, Ledger.decide(unknown, 0, 0, said(Decision.Kind.RETRY, NOW)));
    assertThat(again.call(0).orElseThrow().status()).isEqualTo(Call.Status.APPROVED);
    Turn unknownAgain = turn(again.call(0).orElseThrow().started().unknown("lost again"));
    assertThat(Ledger.decide(unknownAgain, 0, 0, said(Decision.Kind.RETRY, NOW)))
        .as("a repeated request for the first retry is not a second one")
        .isEqualTo(Ruling.known());
    Turn happened =
        apply(unknownAgain, Ledger.decide(unknownAgain, 0, 1, said(Decision.Kind.HAPPENED, NOW)));
    assertThat(happened.call(0).orElseThrow().status()).isEqualTo(Call.Status.SUCCEEDED);
    assertThat(happened.call(0).orElseThrow().result()).isEqualTo("because");
  }

  @Test
  void shouldLeaveNothingToApproveAndNothingUndoubtedWhenATurnIsStopped() {
    Map<String, ToolTraits> tools =
        Map.of("refund", ToolTraits.EFFECT, "look_up", ToolTraits.READ_ONLY);
    Turn turn = turn(REFUND.awaiting(NOW.plusSeconds(60)))
        .with(Call.planned("k1", 1, "refund", "{}").started())
        .with(Call.planned("k2", 2, "look_up", "{}").started())
        .with(Call.planned("k3", 3, "gone", "{}").started());
    List<SessionEvent> events = Ledger.leave(turn, tools, NOW);
    assertThat(events).hasSize(3);
    assertThat(((SessionEvent.CallDecided) events.get(0)).resumes()).isFalse();
    assertThat(((SessionEvent.CallUnknown) events.get(1)).call()).isEqualTo(1);
    assertThat(((SessionEvent.CallUnknown) events.get(2)).call())
        .as("a tool that nobody knows any more")
        .isEqualTo(3);
  }

  @Test
  void shouldSettleACallOfATurnThatHasEnded() {
    Turn stopped = turn(REFUND.started().unknown("lost"))
        .finished(
            new SessionEvent.TurnFinished(
                "t", Turn.Status.STOPPED, "Stopped.", List.of(), "stopped", NOW),
            5);
    assertThat(stopped.concernsAPerson()).isTrue();
    assertRefused(Ledger.decide(stopped, 0, 0, said(Decision.Kind.RETRY, NOW)), "has ended");
    assertThat(Ledger.decide(stopped, 0, 0, said(Decision.Kind.HAPPENED, NOW)))
        .isInstanceOfSatisfying(
            Ruling.Accepted.class,
            accepted -> assertThat(
                    ((SessionEvent.CallDecided) accepted.events().getFirst()).resumes())
                .isFalse());
  }

  private static void assertRefused(Ruling ruling, String... words) {
    assertThat(ruling).isInstanceOf(Ruling.Refused.class);
    Ruling.Refused refused = (Ruling.Refused) ruling;
    assertThat(refused.code()).isEqualTo(ErrorCode.CONFLICT);
    assertThat(refused.message()).contains(words);
  }

  private static Turn apply(Turn turn, Ruling ruling) {
    SessionEvent.CallDecided event =
        (SessionEvent.CallDecided) ((Ruling.Accepted) ruling).events().getFirst();
    return turn.with(turn.call(event.call()).orElseThrow().decided(event.decision()));
  }

  private static Decision approve(String hash, String arguments) {
    return new Decision(Decision.Kind.APPROVED, hash, arguments, "", "carol", NOW);
  }

  private static Decision said(Decision.Kind kind, Instant at) {
    return new Decision(kind, HASH, "", "because", "carol", at);
  }

  private static Turn awaiting() {
    return turn(REFUND.awaiting(NOW.plus(Duration.ofMinutes(1))));
  }

  private static Turn turn(Call call) {
    return Turn.accepted(new SessionEvent.TurnAccepted("t", ContentPart.text("refund"), NOW), 2)
        .with(call);
  }
}
