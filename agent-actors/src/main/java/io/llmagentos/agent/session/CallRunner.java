package io.llmagentos.agent.session;

import io.llmagentos.agent.serving.Agent;
import io.llmagentos.agent.serving.AgentKey;
import io.llmagentos.agent.tool.Tool;
import io.llmagentos.agent.tool.ToolHost;
import io.llmagentos.agent.tool.ToolRefusal;
import io.llmagentos.agent.tool.ToolRequest;
import io.llmagentos.agent.tool.ToolResult;
import io.llmagentos.agent.tool.ToolTraits;
import io.llmagentos.node.envelope.ContentPart;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Carries out calls on this node; what it returns is what the ledger records. Thread-safe. */
final class CallRunner {
  private static final Logger LOG = LoggerFactory.getLogger(CallRunner.class);
  private static final Duration ASK = Duration.ofSeconds(3);

  /**
   * A call under way.
   *
   * @param outcome always completes, never with a failure
   * @param interrupt asks it to end early
   */
  record Running(CompletionStage<CallOutcome> outcome, Runnable interrupt) {}

  private final ActorSystem<?> system;
  private final Clock clock;
  private final ToolHost tools;
  private final Sessions sessions;

  /** @param tools those outside the journal */
  CallRunner(ActorSystem<?> system, Clock clock, ToolHost tools) {
    this.system = system;
    this.clock = clock;
    this.tools = tools;
    this.sessions = new Sessions(system);
  }

  /** Ask the agent that keeps the subject's things, again and again until the context's deadline. */
  Running personal(AgentKey agent, Call call, String request, Context context) {
    CompletionStage<CallOutcome> outcome = ask(agent, call, request, context)
        .<CallOutcome>thenApply(reply -> reply instanceof Agent.Refused refused
            ? CallOutcome.Ended.failed(refused.message(), refused.code().id())
            : CallOutcome.Ended.succeeded(((Agent.Acted) reply).answer(), ""))
        .exceptionally(failure -> CallOutcome.Ended.failed(
            "the agent did not answer in time", ErrorCode.DEADLINE_EXCEEDED.id()));
    return new Running(outcome, () -> {});
  }

  private CompletionStage<Agent.Reply> ask(
      AgentKey agent, Call call, String request, Context context) {
    return AskPattern.<Agent.Command, Agent.Reply>ask(
            ClusterSharding.get(system).entityRefFor(Agent.KEY, agent.entityId()),
            replyTo ->
                new Agent.Act(context, call.key(), call.name(), call.arguments(), request, replyTo),
            ASK,
            system.scheduler())
        // The agent is moving or slow; the call's key makes asking again harmless.
        .exceptionallyCompose(failure -> cause(failure) instanceof TimeoutException
                && clock.instant().isBefore(context.deadline())
            ? ask(agent, call, request, context)
            : CompletableFuture.failedFuture(failure));
  }

  /** Call a tool outside the journal, on a thread of its own; it ends by the context's deadline. */
  Running external(Call call, ToolTraits traits, Context context) {
    Tool tool = tools.find(call.name(), traits).orElse(null);
    if (tool == null) {
      return ended(CallOutcome.Ended.failed(
          "this node has no tool " + call.name(), ErrorCode.TOOL_FAILED.id()));
    }
    CompletableFuture<CallOutcome> outcome = new CompletableFuture<>();
    Thread thread = Thread.ofVirtual().name("tool-" + call.name()).start(() -> {
      try {
        outcome.complete(
            outcome(tool.call(new ToolRequest(context, call.key(), call.arguments()))));
      } catch (Throwable failure) {
        outcome.complete(failed(call, traits, failure));
      }
    });
    return new Running(outcome, thread::interrupt);
  }

  /** Ask another agent: say the call's turn in a session of its own, and follow it until it ends, waits for a person, or the context's deadline. */
  Running delegate(
      SessionKey asking, SessionState state, Turn turn, Call call, String agent, Context context) {
    String message = Delegation.message(call).orElse("");
    if (message.isEmpty()) {
      return ended(CallOutcome.Ended.failed(
          call.name() + " needs a 'message'", ErrorCode.INVALID_REQUEST.id()));
    }
    var following = sessions
        .delegate(
            Delegation.session(asking, call),
            context,
            agent,
            state.subject(),
            Delegation.origin(asking, state, turn, call),
            Delegation.turn(call),
            ContentPart.text(message))
        .completionTimeout(timeLeft(context))
        .viaMat(KillSwitches.single(), Keep.right())
        .toMat(Sink.last(), Keep.both())
        .run(system);
    CompletionStage<CallOutcome> outcome = following
        .second()
        .<CallOutcome>thenApply(last -> Delegation.outcome(call, ((Session.Finished) last).turn()))
        .exceptionally(failure -> cause(failure) instanceof AgentOsException refused
            ? CallOutcome.Ended.failed(
                String.valueOf(refused.getMessage()), refused.code().id())
            : new CallOutcome.Pending(call.name() + " is not answered yet."));
    return new Running(outcome, following.first()::shutdown);
  }

  private Duration timeLeft(Context context) {
    Duration left = Duration.between(clock.instant(), context.deadline());
    return left.isPositive() ? left : Duration.ofMillis(1);
  }

  private static Running ended(CallOutcome outcome) {
    return new Running(CompletableFuture.completedFuture(outcome), () -> {});
  }

  private static CallOutcome outcome(ToolResult result) {
    return result.error()
        ? new CallOutcome.Ended(
            Call.Status.FAILED, result.text(), result.structured(), ErrorCode.TOOL_FAILED.id())
        : CallOutcome.Ended.succeeded(result.text(), result.structured());
  }

  private static CallOutcome failed(Call call, ToolTraits traits, Throwable cause) {
    if (cause instanceof ToolRefusal refusal) {
      return CallOutcome.Ended.failed(
          String.valueOf(refusal.getMessage()), refusal.code().id());
    }
    String reason = cause instanceof TimeoutException
        ? call.name() + " did not return within " + traits.timeout()
        : call.name() + " failed"
            + (cause instanceof AgentOsException ? ": " + cause.getMessage() : "");
    LOG.warn("{} (call {})", reason, call.key(), cause);
    return traits.repeatable()
        ? CallOutcome.Ended.failed(
            reason,
            cause instanceof TimeoutException
                ? ErrorCode.DEADLINE_EXCEEDED.id()
                : ErrorCode.TOOL_FAILED.id())
        : new CallOutcome.Unknown(reason);
  }

  private static Throwable cause(@org.jspecify.annotations.Nullable Throwable failure) {
    if (failure == null) {
      return new NullPointerException("the tool returned null");
    }
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }
}
