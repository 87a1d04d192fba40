package io.llmagentos.agent.tool;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.llmagentos.model.chat.ToolSpecification;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** A tool as its {@link ToolHost} lets it be called. Thread-safe. */
final class HostedTool implements Tool {
  private final Tool tool;
  private final ToolTraits traits;
  private final String name;
  private final ToolSettings settings;
  private final Clock clock;
  private final RandomGenerator random;
  private final ToolSchema input;
  private final Optional<ToolSchema> output;
  private final Semaphore permits;
  /** For those that wait for a permit. */
  private final Semaphore places;

  private final CircuitBreaker breaker;
  /** In milliseconds of the epoch. */
  private final AtomicLong reopensAt;

  HostedTool(Tool tool, ToolSettings settings, Clock clock, RandomGenerator random) {
    this.tool = tool;
    this.traits = tool.traits();
    this.name = tool.specification().name();
    this.settings = settings;
    this.clock = clock;
    this.random = random;
    this.input = new ToolSchema(tool.specification().parameters());
    this.output =
        Optional.of(tool.outputSchema()).filter(text -> !text.isEmpty()).map(ToolSchema::new);
    this.permits = new Semaphore(traits.maxConcurrent(), true);
    this.places = new Semaphore(settings.queue());
    this.reopensAt = new AtomicLong();
    this.breaker = CircuitBreaker.of(
        name,
        CircuitBreakerConfig.custom()
            .clock(clock)
            .slidingWindowSize(settings.breaker().calls())
            .minimumNumberOfCalls(settings.breaker().calls())
            .failureRateThreshold(settings.breaker().failures())
            .waitDurationInOpenState(settings.breaker().pause())
            .permittedNumberOfCallsInHalfOpenState(1)
            .build());
    breaker.getEventPublisher().onStateTransition(transition -> {
      if (transition.getStateTransition().getToState() == CircuitBreaker.State.OPEN) {
        reopensAt.set(clock.instant().plus(settings.breaker().pause()).toEpochMilli());
      }
    });
  }

  private HostedTool(HostedTool same, ToolTraits traits) {
    this.tool = same.tool;
    this.traits = traits;
    this.name = same.name;
    this.settings = same.settings;
    this.clock = same.clock;
    this.random = same.random;
    this.input = same.input;
    this.output = same.output;
    this.permits = same.permits;
    this.places = same.places;
    this.breaker = same.breaker;
    this.reopensAt = same.reopensAt;
  }

  /** The same tool, its permits and its record of failures, with other traits. */
  HostedTool with(ToolTraits others) {
    return new HostedTool(this, others);
  }

  boolean hosts(Tool other) {
    return tool.equals(other);
  }

  @Override
  public ToolSpecification specification() {
    return tool.specification();
  }

  @Override
  public ToolTraits traits() {
    return traits;
  }

  @Override
  public String outputSchema() {
    return tool.outputSchema();
  }

  @Override
  public ToolResult call(ToolRequest request) throws Exception {
    input.problem(request.arguments()).ifPresent(problem -> {
      throw new ToolRefusal("the arguments of '" + name + "' do not fit its schema: " + problem);
    });
    Exception failure = null;
    for (int attempt = 1; ; attempt++) {
      try {
        return truncated(checked(attempt(request)));
      } catch (InterruptedException e) {
        throw e;
      } catch (Exception e) {
        failure = graver(failure, e);
        Duration wait = backoff(attempt);
        if (attempt >= settings.attempts()
            || !mayRepeat(e)
            || clock.instant().plus(wait).isAfter(request.context().deadline())) {
          throw failure;
        }
        Thread.sleep(wait);
      }
    }
  }

  /** Once an outcome is unknown, a later refusal does not make it known. */
  private static Exception graver(@Nullable Exception before, Exception now) {
    if (before == null || before instanceof ToolRefusal || !(now instanceof ToolRefusal)) {
      return now;
    }
    before.addSuppressed(now);
    return before;
  }

  private boolean mayRepeat(Exception failure) {
    return failure instanceof ToolRefusal refusal ? isUnreached(refusal) : traits.repeatable();
  }

  private static boolean isUnreached(Exception failure) {
    return failure instanceof ToolRefusal && failure.getCause() instanceof IOException;
  }

  /** Exponential with full jitter (Brooker 2015, "Exponential backoff and jitter"). */
  private Duration backoff(int attempt) {
    double cap = Math.min(
        (double) settings.maxBackoff().toMillis(),
        (double) settings.backoff().toMillis() * Math.scalb(1.0, attempt - 1));
    return Duration.ofMillis(Math.round(random.nextDouble() * cap));
  }

  private ToolResult attempt(ToolRequest request) throws Exception {
    acquirePermit(request.context());
    Duration limit;
    try {
      limit = timeLeft(request.context());
    } catch (ToolRefusal late) {
      permits.release();
      throw late;
    }
    if (!breaker.tryAcquirePermission()) {
      permits.release();
      throw new ToolRefusal("'" + name + "' has failed too often; it is tried again in "
          + secondsUntil(Instant.ofEpochMilli(reopensAt.get())) + " s");
    }
    FutureTask<ToolResult> call = new FutureTask<>(() -> tool.call(within(limit, request)));
    long started = breaker.getCurrentTimestamp();
    // A call that does not heed its interruption keeps its permit until it ends.
    Thread.ofVirtual().name("tool " + name).start(() -> {
      try {
        call.run();
      } finally {
        permits.release();
      }
    });
    try {
      ToolResult result = call.get(limit.toNanos(), TimeUnit.NANOSECONDS);
      breaker.onSuccess(breaker.getCurrentTimestamp() - started, breaker.getTimestampUnit());
      return result;
    } catch (TimeoutException e) {
      call.cancel(true);
      TimeoutException late = new TimeoutException("'" + name + "' did not answer within "
          + limit.toMillis() + " ms; what came of it is unknown");
      failed(started, late);
      throw late;
    } catch (ExecutionException e) {
      Exception cause = e.getCause() instanceof Exception exception ? exception : e;
      failed(started, cause);
      throw cause;
    } catch (InterruptedException e) {
      call.cancel(true);
      breaker.releasePermission();
      throw e;
    }
  }

  /** In the order of asking, until the context's deadline. */
  private void acquirePermit(Context context) {
    try {
      if (permits.tryAcquire(0, TimeUnit.NANOSECONDS)) {
        return;
      }
      if (!places.tryAcquire()) {
        throw new ToolRefusal(
            ErrorCode.QUEUE_FULL,
            "'" + name + "' is called " + traits.maxConcurrent()
                + " times at this moment, as often as may be at once, and " + settings.queue()
                + " calls wait, as many as may (llmagentos.agent.tools.queue); try again later");
      }
      try {
        Duration left = Duration.between(clock.instant(), context.deadline());
        if (!permits.tryAcquire(left.toNanos(), TimeUnit.NANOSECONDS)) {
          throw new ToolRefusal(
              ErrorCode.DEADLINE_EXCEEDED,
              "the time for '" + name + "' was over while it waited for " + traits.maxConcurrent()
                  + " other calls of it; it was not called");
        }
      } finally {
        places.release();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ToolRefusal(ErrorCode.STOPPED, "'" + name + "' was stopped before it was called");
    }
  }

  private void failed(long started, Exception failure) {
    long took = breaker.getCurrentTimestamp() - started;
    if (failure instanceof ToolRefusal && !isUnreached(failure)) {
      breaker.onSuccess(took, breaker.getTimestampUnit());
    } else {
      breaker.onError(took, breaker.getTimestampUnit(), failure);
    }
  }

  private Duration timeLeft(Context context) {
    Duration left = Duration.between(clock.instant(), context.deadline());
    if (!left.isPositive()) {
      throw new ToolRefusal("the time for '" + name + "' was over before it was called");
    }
    return left.compareTo(traits.timeout()) < 0 ? left : traits.timeout();
  }

  private ToolRequest within(Duration limit, ToolRequest request) {
    Context context = request.context();
    return new ToolRequest(
        new Context(
            context.tenant(),
            context.principal(),
            clock.instant().plus(limit),
            context.trace(),
            context.provenance()),
        request.key(),
        request.arguments());
  }

  private long secondsUntil(Instant instant) {
    return Math.max(
        1, Duration.between(clock.instant(), instant).plusMillis(999).toSeconds());
  }

  /** What a tool says against its own schema is worth nothing; whether one that cannot be repeated had its effect is then unknown. */
  private ToolResult checked(ToolResult result) {
    if (result.error() || output.isEmpty()) {
      return result;
    }
    Optional<String> problem = result.structured().isEmpty()
        ? Optional.of("it gave none")
        : output.get().problem(result.structured());
    if (problem.isEmpty()) {
      return result;
    }
    String lie = "'" + name + "' gave a result that is not what it declares: " + problem.get();
    if (!traits.repeatable()) {
      throw new IllegalStateException(lie + "; what came of it is unknown");
    }
    return new ToolResult(lie, "", true);
  }

  private ToolResult truncated(ToolResult result) {
    int most = settings.maxResultChars();
    StringBuilder text = new StringBuilder(cut(result.text(), most));
    String structured = result.structured();
    if (structured.length() > most) {
      text.append("\n[left out: the structured result of ")
          .append(structured.length())
          .append(" characters]");
      structured = "";
    }
    return new ToolResult(text.toString(), structured, result.error());
  }

  private static String cut(String text, int most) {
    if (text.length() <= most) {
      return text;
    }
    int end = Character.isHighSurrogate(text.charAt(most - 1)) ? most - 1 : most;
    return text.substring(0, end) + "\n[cut: these are the first " + end + " of " + text.length()
        + " characters]";
  }
}
