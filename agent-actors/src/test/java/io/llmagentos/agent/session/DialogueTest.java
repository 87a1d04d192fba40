package io.llmagentos.agent.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.llmagentos.agent.definition.AgentDefinition;
import io.llmagentos.agent.tool.ToolTraits;
import io.llmagentos.model.chat.ChatMessage;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.ChatRequest;
import io.llmagentos.model.chat.Sampling;
import io.llmagentos.model.chat.ToolChoice;
import io.llmagentos.model.scripted.ScriptedModel;
import io.llmagentos.model.serving.TokenListener;
import io.llmagentos.node.envelope.ContentPart;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Dialogues with a scripted model of one call, from the events that a session would record. */
class DialogueTest {
  private static final Instant NOW = Instant.parse("2026-11-23T20:00:00Z");
  private static final SessionKey SESSION = new SessionKey("local", "alice", "s");
  private static final ToolTraits ASKS_FIRST =
      new ToolTraits(false, false, true, Duration.ofSeconds(1), 1);
  private static final String DELIVERY = """
      {"type": "object", "required": ["order", "day"], "properties": {
        "order": {"type": "string", "description": "Which order?"},
        "day": {"type": "string", "description": "The day of the delivery."}}}""";
  private static final AgentDefinition CLERK = TestAgent.named("clerk")
      .model("scripted")
      .tool("alarm_set", "{}")
      .tool("alarm_remove", "{}")
      .tool("alarm_query", "{}")
      .tool("iot_coffee", "{}")
      .tool("track", "{\"type\":\"object\",\"required\":[\"order_number\"]}", ToolTraits.READ_ONLY)
      .tool("deliver", DELIVERY, ASKS_FIRST)
      .says("greeting", "Hello!")
      .understands("book_flight", "booking a flight")
      .dialogue()
      .definition();
  private static final ScriptedModel MODEL =
      ScriptedModel.create("scripted", ConfigFactory.parseString("""
          rules = [
            { when = "^deliver (?<day>friday)$", call = deliver }
            { when = "wake me( up)?( at (?<time>nine|ten))?( on (?<date>\\\\w+))?( (?<time2>nine))?", call = alarm_set }
            { when = "what alarms", call = alarm_query }
            { when = "make coffee", call = iot_coffee }
            { when = "track my order", call = track }
            { when = "deliver (?<order>[A-Z]\\\\d+)( on (?<day>\\\\w+))?", call = deliver }
            { when = "deliver", call = deliver }
            { when = "fly me", call = book_flight }
          ]"""));

  private SessionState state =
      SessionState.EMPTY.apply(new SessionEvent.SessionOpened("clerk", "alice", NOW));
  private final List<ChatRequest> asked = new ArrayList<>();

  @Test
  void shouldMakeOneCallOfEachRequestOneAfterTheOther() {
    assertThat(say("t1", "wake me at nine and what alarms do i have"))
        .isEqualTo("alarm_set {\"time\":\"nine\"}\nalarm_query {}");
    assertThat(texts()).containsExactly("wake me at nine", "what alarms do i have");
    assertThat(turn("t1").replies()).hasSize(2);
    assertThat(turn("t1").calls()).extracting(Call::number).containsExactly(0, 1);
    assertThat(turn("t1").calls()).extracting(Call::key).doesNotHaveDuplicates();
  }

  @Test
  void shouldAnswerEachRequestThatItCannotDo() {
    assertThat(say("t1", "fly me to mars, then tell me a riddle. wake me at nine"))
        .isEqualTo("Nothing is connected for booking a flight.\nOut of scope.\n"
            + "alarm_set {\"time\":\"nine\"}");
  }

  @Test
  void shouldAskTheModelOnceAboutOneRequest() {
    assertThat(say("t1", "wake me at nine")).isEqualTo("alarm_set {\"time\":\"nine\"}");
    assertThat(asked)
        .singleElement()
        .extracting(ChatRequest::toolChoice)
        .isEqualTo(ToolChoice.AUTO);
  }

  @Test
  void shouldAskForWhatTheSchemaRequiresUntilTheCallIsWhole() {
    assertThat(say("t1", "deliver it")).isEqualTo("Which order?");
    assertThat(turn("t1").status()).isEqualTo(Turn.Status.COMPLETED);
    assertThat(turn("t1").calls()).as("nothing was made").isEmpty();
    assertThat(say("t2", "A17")).isEqualTo("What is the day of the delivery?");
    assertThat(say("t3", "monday")).isEqualTo("deliver waits for a person's approval.");
    assertThat(turn("t3").calls().getFirst().arguments())
        .isEqualTo("{\"order\":\"A17\",\"day\":\"monday\"}");
    assertThat(asked.getLast().toolChoice())
        .isEqualTo(new ToolChoice(ToolChoice.Mode.FUNCTION, "deliver"));
    assertThat(texts()).containsExactly("deliver it", "deliver it A17", "deliver it A17 monday");
  }

  @Test
  void shouldAskByTheNameOfAnArgumentThatIsNotDescribed() {
    assertThat(say("t1", "track my order")).isEqualTo("What order number?");
  }

  @Test
  void shouldCompleteTheCallWhoseToolAskedBack() {
    assertThat(say("t1", "wake me")).isEqualTo("For what time should I set the alarm?");
    assertThat(say("t2", "at nine")).isEqualTo("alarm_set {\"time\":\"nine\"}");
    assertThat(texts().getLast()).isEqualTo("wake me at nine");
  }

  @Test
  void shouldNotTakeAYesOrNoQuestionForOne() {
    assertThat(say("t1", "make coffee")).isEqualTo("Shall I do that?");
    assertThat(say("t2", "at nine")).isEqualTo("Out of scope.");
  }

  @Test
  void shouldAskOnceMoreAfterADigression() {
    say("t1", "deliver it");
    assertThat(say("t2", "what alarms do i have")).isEqualTo("alarm_query {}\nWhich order?");
    assertThat(say("t3", "A17")).isEqualTo("What is the day of the delivery?");

    say("t4", "deliver it");
    say("t5", "what alarms do i have");
    assertThat(say("t6", "what alarms do i have"))
        .as("not a second time")
        .isEqualTo("alarm_query {}");
    assertThat(say("t7", "A17")).as("nobody asks any more").isEqualTo("Out of scope.");
  }

  @Test
  void shouldDropTheQuestion() {
    say("t1", "deliver it");
    assertThat(say("t2", "never mind")).isEqualTo("All right, I leave it.");
    assertThat(say("t3", "A17")).isEqualTo("Out of scope.");
  }

  @Test
  void shouldTakeACorrectionForTheAnswerToAQuestion() {
    say("t1", "wake me");
    assertThat(say("t2", "no, make it nine")).isEqualTo("alarm_set {\"time2\":\"nine\"}");
  }

  @Test
  void shouldTakeBackWhatItDidAndDoWhatIsMeant() {
    say("t1", "wake me at nine on friday");
    assertThat(say("t2", "no, make it ten"))
        .isEqualTo("alarm_remove {\"date\":\"friday\",\"time\":\"nine\"}\n"
            + "alarm_set {\"date\":\"friday\",\"time\":\"ten\"}");
    assertThat(texts().getLast()).isEqualTo("wake me at ten");
    assertThat(asked.getLast().toolChoice())
        .isEqualTo(new ToolChoice(ToolChoice.Mode.FUNCTION, "alarm_set"));
    assertThat(say("t3", "never mind"))
        .isEqualTo("alarm_remove {\"date\":\"friday\",\"time\":\"ten\"}");
    assertThat(turn("t3").replies()).as("no model is needed").isEmpty();
  }

  @Test
  void shouldChangeACallThatWaitsForItsApproval() {
    assertThat(say("t1", "deliver A17 on monday")).contains("waits");
    assertThat(say("t2", "i meant friday")).contains("waits");
    assertThat(turn("t1").status()).isEqualTo(Turn.Status.STOPPED);
    assertThat(turn("t1").calls().getFirst().status()).isEqualTo(Call.Status.CANCELLED);
    assertThat(turn("t2").calls().getFirst().arguments())
        .isEqualTo("{\"day\":\"friday\",\"order\":\"A17\"}");
    assertThat(say("t3", "cancel that")).isEqualTo("All right, deliver did not take place.");
    assertThat(state.waiting()).isZero();
  }

  @Test
  void shouldSayWhatItCannotTakeBackOrDoesNotUnderstand() {
    say("t1", "deliver A17 on monday");
    state = state.apply(new SessionEvent.CallDecided(
        "t1",
        0,
        new Decision(
            Decision.Kind.APPROVED,
            "",
            turn("t1").calls().getFirst().arguments(),
            "",
            "carol",
            NOW),
        true));
    assertThat(goOn("t1")).startsWith("deliver {");
    assertThat(say("t2", "i meant friday")).isEqualTo("I cannot take back deliver: it is done.");

    say("t3", "wake me at nine on friday");
    assertThat(say("t4", "i meant the other one"))
        .isEqualTo("I did not understand what to change. Please say the whole request again.");
    assertThat(turn("t4").calls()).as("nothing was taken back").isEmpty();
  }

  @Test
  void shouldTakeACorrectionOfNothingForARequest() {
    assertThat(say("t1", "make it ten")).isEqualTo("Out of scope.");
    assertThat(asked.getLast().toolChoice()).isEqualTo(ToolChoice.AUTO);
  }

  @Test
  void shouldGoOnWithTurnsFromWhenTheAgentWasAskedInRounds() {
    state = state.apply(accepted("t1", "wake me at nine"));
    for (String text : List.of("wake me at nine", "what alarms do i have")) {
      state = state.apply(new SessionEvent.ModelReplied("t1", reply(text), NOW));
    }
    assertThat(goOn("t1")).isEqualTo("alarm_set {\"time\":\"nine\"}\nalarm_query {}");
    assertThat(say("t2", "never mind")).isEqualTo("Out of scope.");
  }

  @Test
  void shouldNotTakeBackWhatNoToolDid() {
    say("t1", "fly me to mars");
    assertThat(say("t2", "i meant venus")).isEqualTo("Out of scope.");
  }

  @Test
  void shouldLeaveATakenOverSessionToItsPerson() {
    say("t1", "wake me at nine");
    state = state.apply(new SessionEvent.SessionTakenOver("carol", NOW));
    assertThat(say("t2", "never mind")).isEqualTo("A person will answer.");
    assertThat(turn("t2").isWaiting()).isTrue();
    assertThat(turn("t2").calls()).isEmpty();
  }

  @Test
  void shouldNotAnswerAQuestionThatWasNotHeardYet() {
    state = state.apply(accepted("t1", "deliver it")).apply(accepted("t2", "A17"));
    assertThat(goOn("t1")).isEqualTo("Which order?");
    assertThat(goOn("t2")).isEqualTo("Out of scope.");
  }

  private static SessionEvent accepted(String turn, String text) {
    return new SessionEvent.TurnAccepted(turn, ContentPart.text(text), NOW);
  }

  private List<String> texts() {
    return asked.stream().map(ChatRequest::lastUserText).toList();
  }

  private Turn turn(String id) {
    return state.turn(id).orElseThrow();
  }

  private String say(String turn, String text) {
    if (!state.turns().isEmpty()) {
      Dialogue.withdraw(state.turns().getLast(), text, CLERK, NOW)
          .forEach(event -> state = state.apply(event));
    }
    state = state.apply(accepted(turn, text));
    return goOn(turn);
  }

  /** Does what the session would, until the turn ends or waits. */
  private String goOn(String id) {
    while (turn(id).isRunning()) {
      NextStep next = NextStep.of(SESSION, state, turn(id), CLERK);
      state = state.apply(
          switch (next) {
            case NextStep.AskModel ask -> {
              asked.add(ask.request());
              yield new SessionEvent.ModelReplied(id, reply(ask.request()), NOW);
            }
            case NextStep.Act act -> {
              assertThat(act.actions()).hasSize(1);
              yield acted(turn(id), act.actions().getFirst());
            }
            case NextStep.Suspend suspend ->
              new SessionEvent.TurnSuspended(id, suspend.answer(), NOW);
            case NextStep.Answer answer ->
              new SessionEvent.TurnFinished(
                  id, answer.status(), answer.text(), List.of(), answer.error(), NOW);
          });
    }
    return turn(id).answer();
  }

  private static ChatReply reply(String text) {
    return reply(new ChatRequest(
        "scripted",
        List.of(ChatMessage.user(text)),
        CLERK.tools(),
        ToolChoice.AUTO,
        Sampling.GREEDY));
  }

  private static ChatReply reply(ChatRequest request) {
    return MODEL.chat(request, TokenListener.SILENT).toCompletableFuture().join();
  }

  private SessionEvent acted(Turn turn, NextStep.Action action) {
    Call call = action.call();
    return switch (action.kind()) {
      case ASK_APPROVAL -> Ledger.request(turn, call, Duration.ofHours(1), NOW);
      case START -> Ledger.start(turn, call, 0, NOW);
      default -> Ledger.end(turn, call, CallOutcome.Ended.succeeded(result(call), ""), NOW);
    };
  }

  private static String result(Call call) {
    if (call.name().equals("iot_coffee")) {
      return "Shall I do that?";
    }
    return call.name().equals("alarm_set") && call.arguments().equals("{}")
        ? "For what time should I set the alarm?"
        : call.name() + " " + call.arguments();
  }
}
