package io.llmagentos.agent.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmagentos.agent.definition.AgentDefinition;
import io.llmagentos.agent.tool.ToolTraits;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.ToolCall;
import io.llmagentos.node.envelope.ContentPart;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlanTest {
  private static final Instant NOW = Instant.parse("2026-11-23T20:00:00Z");
  private static final SessionKey SESSION = new SessionKey("local", "alice", "s");
  private static final AgentDefinition SHOP = shop(3);
  private static final String TRIP = """
      {"steps":[
        {"id":"both","tool":"pay","arguments":{"amount":{"$from":"flight.fares.1"},"notes":[{"to":{"$from":"hotel"}}]},"after":["hotel"]},
        {"id":"flight","tool":"find"},
        {"id":"hotel","tool":"find"},
        {"id":"mail","tool":"find","after":["both"]}]}""";

  private static AgentDefinition shop(int rounds) {
    String pay = """
        {"type":"object","required":["amount"],"properties":{"amount":{"type":"number"}}}""";
    return TestAgent.named("shop")
        .tool("find", "{\"type\":\"object\"}", ToolTraits.READ_ONLY)
        .tool("pay", pay, ToolTraits.EFFECT)
        .rounds(rounds)
        .plans()
        .definition();
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
      nonsense                                                         | not valid JSON
      {}                                                               | steps
      {"steps":[]}                                                     | at least 1
      {"steps":[{"id":"a","tool":"steal"}]}                            | ["find", "pay"]
      {"steps":[{"id":"a b","tool":"find"}]}                           | /steps/0/id
      {"steps":[{"id":"a","tool":"find","when":"now"}]}                | when
      {"steps":[{"id":"a","tool":"find"},{"id":"a","tool":"find"}]}    | two steps have the id 'a'
      {"steps":[{"id":"a","tool":"find","after":["z"]}]}               | 'a' comes after 'z'
      {"steps":[{"id":"a","tool":"find","arguments":{"x":[{"$from":"z.y"}]}}]} | 'a' comes after 'z'
      {"steps":[{"id":"a","tool":"find","after":["a"]}]}               | [a] wait for each other
      {"steps":[{"id":"a","tool":"find","after":["b"]},{"id":"b","tool":"find","arguments":{"x":{"$from":"a"}}},{"id":"c","tool":"find"}]} | [a, b] wait for each other
      {"steps":[{"id":"a","tool":"pay","arguments":{"amount":"much"}}]} | step 'a': the arguments of 'pay' do not fit its schema: at '/amount'
      {"steps":[{"id":"a","tool":"pay"}]}                              | amount
      """)
  void shouldRefuseWhatIsNoPlanToTheModel(String arguments, String why) {
    SessionState state = asked(new ToolCall("p", "plan", arguments));
    SessionEvent event = Ledger.plan(
        state.turn("t").orElseThrow(),
        action(next(state), NextStep.Action.Kind.PLAN).call(),
        SHOP,
        NOW);
    assertThat(event).isInstanceOf(SessionEvent.CallEnded.class);
    assertThat(((SessionEvent.CallEnded) event).text())
        .startsWith("this is no plan: ")
        .contains(why);
    NextStep.AskModel again = (NextStep.AskModel) next(state.apply(event));
    assertThat(again.request().messages().getLast().content())
        .startsWith("error: this is no plan: ");
  }

  @Test
  void shouldRefuseTwoPlansAtATime() {
    SessionState state = asked(new ToolCall("p", "plan", TRIP), new ToolCall("q", "plan", TRIP));
    for (NextStep.Action action : ((NextStep.Act) next(state)).actions()) {
      SessionEvent event = Ledger.plan(state.turn("t").orElseThrow(), action.call(), SHOP, NOW);
      assertThat(((SessionEvent.CallEnded) event).text()).contains("one plan at a time");
    }
  }

  @Test
  void shouldMakeEachStepOnceWhatItNeedsHasSucceededWithWhatThatGave() {
    SessionState state = planned(TRIP);
    assertThat(
            state.turn("t").orElseThrow().plans().getFirst().steps().getFirst().after())
        .as("what arguments refer to is needed")
        .containsExactly("flight", "hotel");
    assertThat(calls(state)).isEqualTo("START flight {}, START hotel {}");
    state = started(state, 2, "find");
    assertThat(calls(state)).as("interrupted").isEqualTo("REPEAT flight {}, START hotel {}");
    state = ended(state, 2, "find", "two", "{\"fares\":[1,25.5]}");
    assertThat(calls(state)).isEqualTo("START hotel {}");
    state = ended(state, 3, "find", "the Ritz", "");
    assertThat(calls(state))
        .isEqualTo("START both {\"amount\":25.5,\"notes\":[{\"to\":\"the Ritz\"}]}");
    assertThat(progress(state))
        .isEqualTo("both planned, flight succeeded, hotel succeeded, mail planned");
    state = ended(ended(state, 1, "pay", "paid", ""), 4, "find", "sent", "");
    NextStep.AskModel again = (NextStep.AskModel) next(state);
    assertThat(again.request().messages().getLast().content())
        .isEqualTo(
            "both (pay): paid\nflight (find): two\nhotel (find): the Ritz\nmail (find): sent");
  }

  @Test
  void shouldMakeNothingAfterAFailureAndEverythingElse() {
    SessionState state = failed(planned(TRIP), 2, "find", "no seats");
    assertThat(calls(state)).isEqualTo("START hotel {}");
    assertThat(progress(state))
        .isEqualTo("both skipped, flight failed, hotel planned, mail skipped");
    state = ended(state, 3, "find", "the Ritz", "");
    NextStep.AskModel again = (NextStep.AskModel) next(state);
    assertThat(again.request().messages().getLast().content())
        .isEqualTo(
            "both (pay): was not made\nflight (find): error: no seats\nhotel (find): the Ritz\nmail (find): was not made");
    assertThat(NextStep.of(SESSION, state, state.turn("t").orElseThrow(), shop(1)))
        .as("the last round answers for itself")
        .isEqualTo(
            new NextStep.Answer(
                "Sorry, that did not work: no seats\nthe Ritz\npay did not take place.\nfind did not take place."));
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
      {"fares":[1]}           | there is no result 'flight.fares.1'
      {"fares":[1,"cheap"]}   | the arguments of 'pay' do not fit its schema: at '/amount'
      ``                      | there is no result 'flight.fares.1'
      """)
  void shouldFailAStepWhoseArgumentsCannotBeMade(String structured, String why) {
    SessionState state =
        ended(ended(planned(TRIP), 2, "find", "two", structured), 3, "find", "the Ritz", "");
    NextStep.Action action = action(next(state), NextStep.Action.Kind.REFUSE);
    assertThat(action.call().result()).startsWith(why);
    state = state.apply(Ledger.refuse(state.turn("t").orElseThrow(), action.call(), NOW));
    assertThat(next(state)).isInstanceOf(NextStep.AskModel.class);
    assertThat(progress(state))
        .isEqualTo("both failed, flight succeeded, hotel succeeded, mail skipped");
  }

  @Test
  void shouldReplaceWhatWasNotBegunByAnotherPlanThatKnowsTheResults() {
    SessionState state = failed(
        ended(planned(TRIP), 3, "find", "the Ritz", "{\"price\":80}"), 2, "find", "no seats");
    state = replied(state, new ToolCall("p", "plan", """
        {"steps":[{"id":"both","tool":"pay","arguments":{"amount":{"$from":"hotel.price"}}},{"id":"mail","tool":"find","after":["both"]}]}"""));
    state = planOf(state);
    assertThat(calls(state)).isEqualTo("START both {\"amount\":80}");
    assertThat(action(next(state), NextStep.Action.Kind.START).call())
        .as("after the first plan's four steps and both calls that laid out plans")
        .isEqualTo(Call.planned("local/alice/s/t/6#both", 6, "pay", "{\"amount\":80}"));
    assertThat(progress(state))
        .isEqualTo(
            "both skipped, flight failed, hotel succeeded, mail skipped, both planned, mail planned");

    SessionState refused =
        replied(failed(planned(TRIP), 2, "find", "no"), new ToolCall("p", "plan", """
        {"steps":[{"id":"x","tool":"find","after":["flight"]}]}"""));
    NextStep.Action action =
        action(next(ended(refused, 3, "find", "", "")), NextStep.Action.Kind.PLAN);
    assertThat(((SessionEvent.CallEnded)
                Ledger.plan(refused.turn("t").orElseThrow(), action.call(), SHOP, NOW))
            .text())
        .as("a step that failed gives nothing to build on")
        .contains("'x' comes after 'flight'");
  }

  private static SessionState asked(ToolCall... calls) {
    return replied(
        SessionState.EMPTY
            .apply(new SessionEvent.SessionOpened("shop", "alice", NOW))
            .apply(new SessionEvent.TurnAccepted("t", ContentPart.text("go"), NOW)),
        calls);
  }

  private static SessionState planned(String plan) {
    return planOf(asked(new ToolCall("p", "plan", plan)));
  }

  private static SessionState planOf(SessionState state) {
    NextStep.Action action = action(next(state), NextStep.Action.Kind.PLAN);
    SessionEvent event = Ledger.plan(state.turn("t").orElseThrow(), action.call(), SHOP, NOW);
    assertThat(event).isInstanceOf(SessionEvent.PlanMade.class);
    return state.apply(event);
  }

  private static NextStep next(SessionState state) {
    return NextStep.of(SESSION, state, state.turn("t").orElseThrow(), SHOP);
  }

  private static NextStep.Action action(NextStep next, NextStep.Action.Kind kind) {
    assertThat(((NextStep.Act) next).actions()).hasSize(1);
    NextStep.Action action = ((NextStep.Act) next).actions().getFirst();
    assertThat(action.kind()).isEqualTo(kind);
    return action;
  }

  private static String calls(SessionState state) {
    return ((NextStep.Act) next(state))
        .actions().stream()
            .map(action -> action.kind() + " "
                + action.call().key().replaceAll(".*#", "") + " "
                + action.call().arguments())
            .collect(Collectors.joining(", "));
  }

  private static String progress(SessionState state) {
    return state.turn("t").orElseThrow().progress().stream()
        .map(step -> step.id() + " " + step.status())
        .collect(Collectors.joining(", "));
  }

  private static String key(int call) {
    return "local/alice/s/t/" + call + "#"
        + List.of("p", "both", "flight", "hotel", "mail").get(call);
  }

  private static SessionState started(SessionState state, int call, String tool) {
    return state.apply(
        new SessionEvent.CallStarted("t", call, key(call), tool, "{}", Call.hash("{}"), NOW));
  }

  private static SessionState ended(
      SessionState state, int call, String tool, String text, String structured) {
    return state.apply(new SessionEvent.CallEnded(
        "t", call, key(call), tool, "{}", Call.Status.SUCCEEDED, text, structured, "", NOW));
  }

  private static SessionState failed(SessionState state, int call, String tool, String text) {
    return state.apply(new SessionEvent.CallEnded(
        "t", call, key(call), tool, "{}", Call.Status.FAILED, text, "", "tool_failed", NOW));
  }

  private static SessionState replied(SessionState state, ToolCall... calls) {
    return state.apply(new SessionEvent.ModelReplied(
        "t",
        new ChatReply(
            "nano",
            "v1",
            "",
            List.of(calls),
            ChatReply.FinishReason.TOOL_CALLS,
            new ChatReply.Usage(1, 1),
            List.of(),
            List.of()),
        NOW));
  }
}
