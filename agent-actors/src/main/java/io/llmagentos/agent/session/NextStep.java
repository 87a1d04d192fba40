package io.llmagentos.agent.session;

import io.llmagentos.agent.definition.AgentDefinition;
import io.llmagentos.agent.tool.ToolTraits;
import io.llmagentos.model.chat.ChatMessage;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.ChatRequest;
import io.llmagentos.model.chat.Sampling;
import io.llmagentos.model.chat.ToolCall;
import io.llmagentos.model.chat.ToolChoice;
import io.llmagentos.model.chat.ToolSpecification;
import io.llmagentos.node.envelope.ContentPart;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a running turn needs next: a pure function of what is recorded, so that recovery takes up where the journal ends.
 *
 * <p>A turn goes in rounds: the model is asked, the calls of its reply are carried out side by side, and with their results it is asked again, as
 * often as the definition says; the calls of the last round answer for themselves. A round's calls may be the steps of a {@link Plan}. A model that turns one request
 * into one call is asked by {@link Dialogue}. Without a model a turn is a {@link GivenCall}.
 */
sealed interface NextStep {
  record AskModel(ChatRequest request) implements NextStep {}

  /** The calls that have not ended, and what each needs; a call that is under way needs nothing. */
  record Act(List<Action> actions) implements NextStep {}

  /** Nothing can be done before a person does something. */
  record Suspend(String answer) implements NextStep {}

  /** The session is taken over. */
  Suspend BY_A_PERSON = new Suspend("A person will answer.");

  record Answer(String text, Turn.Status status, String error) implements NextStep {
    Answer(String text) {
      this(text, Turn.Status.COMPLETED, "");
    }
  }

  /**
   * What a call needs.
   *
   * @param said the words that led to it; empty: the turn's
   */
  record Action(Kind kind, Call call, Optional<String> said) {
    Action(Kind kind, Call call) {
      this(kind, call, Optional.empty());
    }

    Action saying(String words) {
      return new Action(kind, call, Optional.of(words));
    }

    enum Kind {
      /** The agent carries it out; its key makes asking again harmless. */
      PERSONAL,
      ASK_APPROVAL,
      START,
      /** It started and has no receipt: it may be made again under its key. */
      REPEAT,
      /** It started and has no receipt, and must not be made again. */
      DOUBT,
      /** It lays out a plan. */
      PLAN,
      /** It hands the session off to another agent. */
      HAND_OFF,
      /** It cannot be made; the call says why. */
      REFUSE
    }
  }

  static NextStep of(
      SessionKey session, SessionState state, Turn turn, AgentDefinition definition) {
    if (!definition.hasModel()) {
      return GivenCall.next(session, turn, definition);
    }
    if (definition.dialogue()) {
      return Dialogue.next(session, state, turn, definition);
    }
    if (turn.replies().isEmpty()) {
      return ask(session, state, turn, definition);
    }
    ChatReply reply = turn.replies().getLast();
    if (reply.toolCalls().isEmpty()) {
      return new Answer(reply.text().isBlank() ? definition.outOfScope() : reply.text());
    }
    List<Call> calls = calls(session, turn, turn.replies().size() - 1).stream()
        .flatMap(call -> turn.plan(call.number())
            .map(plan -> plan.calls(session, turn, definition).stream())
            .orElseGet(() -> Stream.of(call)))
        .toList();
    List<Action> actions =
        calls.stream().flatMap(call -> action(turn, call, definition).stream()).toList();
    if (!actions.isEmpty()) {
      return new Act(actions);
    }
    if (calls.stream().anyMatch(Call::waits)) {
      return suspend(calls);
    }
    return turn.replies().size() < definition.rounds()
        ? ask(session, state, turn, definition)
        : answer(turn, calls, definition);
  }

  private static NextStep ask(
      SessionKey session, SessionState state, Turn turn, AgentDefinition definition) {
    List<ChatMessage> said = new ArrayList<>();
    said.add(ChatMessage.user(ContentPart.textOf(turn.content())));
    said.addAll(rounds(session, turn, definition));
    return ask(state, turn, definition, said, ToolChoice.AUTO);
  }

  /** @param said in this turn */
  static NextStep ask(
      SessionState state,
      Turn turn,
      AgentDefinition definition,
      List<ChatMessage> said,
      ToolChoice choice) {
    return state.operator().isEmpty()
        ? new AskModel(request(state, turn, definition, said, choice))
        : BY_A_PERSON;
  }

  /** Those of the calls that wait are a person's. */
  static Suspend suspend(List<Call> calls) {
    return new Suspend(calls.stream()
        .filter(Call::waits)
        .map(Call::forPrincipal)
        .collect(Collectors.joining("\n")));
  }

  static List<Action> action(Turn turn, Call call, AgentDefinition definition) {
    ToolTraits traits = definition.external().get(call.name());
    return switch (call.status()) {
      case PLANNED -> {
        if (definition.plans() && call.name().equals(AgentDefinition.PLAN)) {
          yield List.of(new Action(Action.Kind.PLAN, call));
        }
        if (definition.handOffs().containsKey(call.name())) {
          yield List.of(new Action(Action.Kind.HAND_OFF, call));
        }
        if (traits != null) {
          yield List.of(
              new Action(traits.approval() ? Action.Kind.ASK_APPROVAL : Action.Kind.START, call));
        }
        yield definition.hasTool(call.name())
            ? List.of(new Action(Action.Kind.PERSONAL, call))
            : List.of();
      }
      case APPROVED -> List.of(new Action(Action.Kind.START, call));
      case STARTED ->
        List.of(new Action(
            traits != null && traits.repeatable() ? Action.Kind.REPEAT : Action.Kind.DOUBT, call));
      case FAILED ->
        turn.call(call.number()).isPresent()
            ? List.of()
            : List.of(new Action(Action.Kind.REFUSE, call));
      case AWAITING_APPROVAL, UNKNOWN, PENDING, SUCCEEDED, DENIED, EXPIRED, CANCELLED -> List.of();
    };
  }

  /** The tools' own words. */
  static Answer answer(Turn turn, List<Call> calls, AgentDefinition definition) {
    Stream<String> notMade = turn.progress().stream()
        .filter(step -> step.status().equals(Plan.SKIPPED))
        .map(step -> step.tool() + " did not take place.");
    String text = Stream.concat(
            calls.stream()
                .map(call -> call.status() == Call.Status.PLANNED
                    ? definition.answerWithoutTool(call.name())
                    : call.forPrincipal()),
            notMade)
        .collect(Collectors.joining("\n"));
    boolean failed = calls.stream().allMatch(call -> call.status() == Call.Status.FAILED);
    return failed
        ? new Answer(text, Turn.Status.FAILED, calls.getFirst().error())
        : new Answer(text);
  }

  /** The calls of one of the model's replies, as the ledger has them; planned where it has none. */
  private static List<Call> calls(SessionKey session, Turn turn, int reply) {
    int before = turn.firstCall(reply);
    List<Call> calls = new ArrayList<>();
    for (ToolCall wanted : turn.replies().get(reply).toolCalls()) {
      calls.add(call(session, turn, before + calls.size(), wanted));
    }
    return calls;
  }

  static Call call(SessionKey session, Turn turn, int number, ToolCall wanted) {
    return turn.call(number)
        .orElseGet(() -> Call.planned(
            session.entityId() + "/" + turn.id() + "/" + reference(number, wanted.id()),
            number,
            wanted.name(),
            wanted.arguments()));
  }

  /** Unique in its turn, which a model's own id is only in its reply; the first call's is the model's. */
  private static String reference(int number, String id) {
    return number == 0 && id.indexOf('#') < 0 ? id : number + "#" + id;
  }

  private static ChatRequest request(
      SessionState state,
      Turn turn,
      AgentDefinition definition,
      List<ChatMessage> said,
      ToolChoice choice) {
    List<ChatMessage> messages = new ArrayList<>();
    if (!definition.instructions().isBlank()) {
      messages.add(ChatMessage.system(definition.instructions()));
    }
    messages.addAll(turn.history()
        .map(given -> given.stream().map(Message::toChat).toList())
        .orElseGet(() -> earlierTurns(state, turn)));
    messages.addAll(said);
    List<ToolSpecification> functions = new ArrayList<>(definition.tools());
    Stream.concat(definition.says().keySet().stream(), definition.understands().keySet().stream())
        .distinct()
        .sorted()
        .filter(name -> !definition.hasTool(name))
        .map(name -> new ToolSpecification(
            name, definition.understands().getOrDefault(name, ""), "{\"type\":\"object\"}"))
        .forEach(functions::add);
    functions.addAll(definition.handOffTools());
    if (definition.plans()) {
      functions.add(PlanTool.specification(definition));
    }
    return new ChatRequest(definition.model(), messages, functions, choice, Sampling.GREEDY);
  }

  /** What the model asked for in this turn and what came of it. */
  private static List<ChatMessage> rounds(
      SessionKey session, Turn turn, AgentDefinition definition) {
    List<ChatMessage> messages = new ArrayList<>();
    for (int round = 0; round < turn.replies().size(); round++) {
      ChatReply reply = turn.replies().get(round);
      messages.add(new ChatMessage("assistant", reply.text(), reply.toolCalls(), ""));
      List<Call> calls = calls(session, turn, round);
      for (int i = 0; i < calls.size(); i++) {
        Call call = calls.get(i);
        messages.add(new ChatMessage(
            "tool",
            told(turn, call, definition),
            List.of(),
            reply.toolCalls().get(i).id()));
      }
    }
    return messages;
  }

  private static String told(Turn turn, Call call, AgentDefinition definition) {
    return turn.plan(call.number())
        .map(plan -> plan.forModel(turn))
        .orElseGet(() -> call.status() == Call.Status.PLANNED
            ? "error: " + definition.answerWithoutTool(call.name())
            : call.forModel());
  }

  private static List<ChatMessage> earlierTurns(SessionState state, Turn turn) {
    List<ChatMessage> messages = new ArrayList<>();
    for (Turn earlier : state.turns()) {
      if (earlier.id().equals(turn.id())) {
        break;
      }
      messages.add(ChatMessage.user(ContentPart.textOf(earlier.content())));
      messages.add(ChatMessage.assistant(earlier.answer()));
    }
    return messages;
  }
}
