package io.llmagentos.agent.session;

import com.fasterxml.jackson.annotation.JsonAlias;
import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.llmagentos.agent.budget.Exceeded;
import io.llmagentos.agent.budget.Usage;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.node.envelope.ContentPart;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * One turn of a dialogue: what was said, and what came of it.
 *
 * @param acceptedAtVersion the session's version with which it was accepted
 * @param replies the model's, in order; each but the first followed from the results of the calls of the one before
 * @param answer of a turn that waits: what for
 * @param calls those that something is recorded of, by number
 * @param finishedAtVersion the session's version with which it finished or began to wait; 0 while it runs
 * @param history of a stateless completion: all that was said before it; without, the session's earlier turns were
 * @param finishedAt {@link Instant#EPOCH} while it runs
 * @param usage what was spent on it so far
 * @param exceeded the limit that stopped it
 * @param plans those that the model laid out in it, in order; a later one stands for what was not begun of the one before
 * @param agent whose turn it is; empty: the session's
 */
public record Turn(
    String id,
    List<ContentPart> content,
    Instant acceptedAt,
    long acceptedAtVersion,
    Status status,

    @JsonAlias("reply") @JsonFormat(with = JsonFormat.Feature.ACCEPT_SINGLE_VALUE_AS_ARRAY)
    List<ChatReply> replies,

    String answer,
    List<Call> calls,
    String error,
    long finishedAtVersion,
    Optional<List<Message>> history,
    Instant finishedAt,
    Optional<Feedback> feedback,
    Usage usage,
    Optional<Exceeded> exceeded,
    List<Plan> plans,
    String agent) {
  /** How a turn stands. */
  public enum Status {
    @JsonProperty("running")
    RUNNING,
    /** Nothing can be done until a person decides; other turns go on. */
    @JsonProperty("waiting")
    WAITING,
    @JsonProperty("completed")
    COMPLETED,
    @JsonProperty("failed")
    FAILED,
    @JsonProperty("stopped")
    STOPPED,
    /** A limit stopped it; the answer is what there was by then. */
    @JsonProperty("budget_exceeded")
    BUDGET_EXCEEDED;

    public String id() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  public Turn {
    content = List.copyOf(content);
    calls = List.copyOf(calls);
    history = history.map(List::copyOf);
    // Snapshots of version 1 have one reply or null, and none of the other fields.
    replies = List.copyOf(Objects.requireNonNullElse(replies, List.of()));
    finishedAt = Objects.requireNonNullElse(finishedAt, Instant.EPOCH);
    feedback = Objects.requireNonNullElse(feedback, Optional.empty());
    usage = usage == null ? Spending.of(replies) : usage;
    exceeded = Objects.requireNonNullElse(exceeded, Optional.empty());
    plans = List.copyOf(Objects.requireNonNullElse(plans, List.of()));
    agent = Objects.requireNonNullElse(agent, "");
  }

  static Turn accepted(SessionEvent.TurnAccepted event, long version) {
    return accepted(event.turn(), event.content(), event.at(), version, Optional.empty());
  }

  static Turn accepted(SessionEvent.CompletionAccepted event, long version) {
    return accepted(
        event.turn(), event.content(), event.at(), version, Optional.of(event.history()));
  }

  private static Turn accepted(
      String id,
      List<ContentPart> content,
      Instant at,
      long version,
      Optional<List<Message>> history) {
    return new Turn(
        id,
        content,
        at,
        version,
        Status.RUNNING,
        List.of(),
        "",
        List.of(),
        "",
        0,
        history,
        Instant.EPOCH,
        Optional.empty(),
        Usage.NONE,
        Optional.empty(),
        List.of(),
        "");
  }

  Turn replied(ChatReply reply) {
    return with(
        status,
        Stream.concat(replies.stream(), Stream.of(reply)).toList(),
        answer,
        calls,
        error,
        finishedAtVersion,
        finishedAt);
  }

  /** With a call as it stands now. */
  Turn with(Call call) {
    List<Call> all = new ArrayList<>(calls);
    all.removeIf(each -> each.number() == call.number());
    all.add(call);
    all.sort(Comparator.comparingInt(Call::number));
    return with(status, replies, answer, all, error, finishedAtVersion, finishedAt);
  }

  Turn waiting(SessionEvent.TurnSuspended event, long version) {
    return with(Status.WAITING, replies, event.answer(), calls, error, version, event.at());
  }

  Turn resumed() {
    return with(Status.RUNNING, replies, "", calls, error, 0, Instant.EPOCH);
  }

  Turn finished(SessionEvent.TurnFinished event, long version) {
    Turn last = this;
    for (Call call : event.calls()) {
      last = last.with(call);
    }
    List<Call> ended = last.calls.stream()
        .map(call ->
            call.hasEnded() || call.status() == Call.Status.UNKNOWN ? call : call.cancelled())
        .toList();
    return with(event.status(), replies, event.answer(), ended, event.error(), version, event.at())
        .spent(Usage.NONE, event.exceeded());
  }

  Turn spent(Usage more) {
    return spent(more, exceeded);
  }

  private Turn spent(Usage more, Optional<Exceeded> limit) {
    return with(usage.plus(more), limit, plans, agent);
  }

  Turn rated(Feedback given) {
    return new Turn(
        id,
        content,
        acceptedAt,
        acceptedAtVersion,
        status,
        replies,
        answer,
        calls,
        error,
        finishedAtVersion,
        history,
        finishedAt,
        Optional.of(given),
        usage,
        exceeded,
        plans,
        agent);
  }

  private Turn with(
      Status newStatus,
      List<ChatReply> newReplies,
      String newAnswer,
      List<Call> newCalls,
      String newError,
      long newFinishedAtVersion,
      Instant newFinishedAt) {
    return new Turn(
        id,
        content,
        acceptedAt,
        acceptedAtVersion,
        newStatus,
        newReplies,
        newAnswer,
        newCalls,
        newError,
        newFinishedAtVersion,
        history,
        newFinishedAt,
        feedback,
        usage,
        exceeded,
        plans,
        agent);
  }

  /** For a message between nodes. */
  Turn withoutHistory() {
    return new Turn(
        id,
        content,
        acceptedAt,
        acceptedAtVersion,
        status,
        replies,
        answer,
        calls,
        error,
        finishedAtVersion,
        Optional.empty(),
        finishedAt,
        feedback,
        usage,
        exceeded,
        plans,
        agent);
  }

  /** With a plan that the model has laid out. */
  Turn planned(Plan plan) {
    return with(usage, exceeded, Stream.concat(plans.stream(), Stream.of(plan)).toList(), agent);
  }

  /** As a turn of that agent's. */
  Turn of(String anAgent) {
    return with(usage, exceeded, plans, anAgent);
  }

  private Turn with(
      Usage newUsage, Optional<Exceeded> newExceeded, List<Plan> newPlans, String newAgent) {
    return new Turn(
        id,
        content,
        acceptedAt,
        acceptedAtVersion,
        status,
        replies,
        answer,
        calls,
        error,
        finishedAtVersion,
        history,
        finishedAt,
        feedback,
        newUsage,
        newExceeded,
        newPlans,
        newAgent);
  }

  /** How the steps of its plans stand. */
  public List<Plan.Progress> progress() {
    return plans.stream().flatMap(plan -> plan.progress(this)).toList();
  }

  /** The plan that a call laid out. */
  Optional<Plan> plan(int call) {
    return plans.stream().filter(plan -> plan.call() == call).findFirst();
  }

  List<Plan> plansBefore(Plan plan) {
    return plans.stream().takeWhile(each -> !each.equals(plan)).toList();
  }

  /** The number of the first call of one of the model's replies: the calls of the replies before, and the steps that they laid out, have the lower ones. */
  int firstCall(int reply) {
    int number = 0;
    for (ChatReply earlier : replies.subList(0, reply)) {
      int next = number + earlier.toolCalls().size();
      number = next
          + plans.stream()
              .filter(plan -> plan.first() == next)
              .mapToInt(plan -> plan.steps().size())
              .sum();
    }
    return number;
  }

  /** Whether it is the turn of a stateless completion that said exactly this. */
  boolean isCompletionOf(List<Message> earlier, List<ContentPart> said) {
    return history.filter(earlier::equals).isPresent() && content.equals(said);
  }

  Optional<Call> call(int number) {
    return calls.stream().filter(call -> call.number() == number).findFirst();
  }

  /** About as many as it takes in a message. */
  long characters() {
    return ContentPart.textOf(content).length()
        + answer.length()
        + replies.stream().mapToLong(reply -> reply.text().length()).sum()
        + calls.stream()
            .mapToLong(call -> call.arguments().length()
                + call.result().length()
                + call.structured().length())
            .sum();
  }

  boolean isRunning() {
    return status == Status.RUNNING;
  }

  boolean isWaiting() {
    return status == Status.WAITING;
  }

  boolean hasEnded() {
    return !isRunning() && !isWaiting();
  }

  /** Whether a person still has something to decide. */
  boolean concernsAPerson() {
    return isWaiting() || calls.stream().anyMatch(Call::waits);
  }
}
