package io.llmagentos.model.serving;

import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.engine.Engine;
import io.llmagentos.model.generation.Generation;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One model's weights at work, on a thread of their own. Requests are batched continuously: each step advances every running sequence by one token and
 * takes in a bounded piece of new prompts, then the replica looks at its mailbox again. Requests that wait stand in line in the order they came.
 */
final class ModelReplica extends AbstractBehavior<ModelReplica.Command> {
  private static final Logger LOG = LoggerFactory.getLogger(ModelReplica.class);

  sealed interface Command {}

  /** Run a generation. Its place in the line is counted in {@code waiting} already. */
  record Run(Job job) implements Command {}

  /** Stop; what runs and what waits fails with {@code UNAVAILABLE}. */
  record Stop() implements Command {}

  private record Step() implements Command {}

  /** A request, from its prompt to its reply. */
  static final class Job {
    final Generation generation;
    final Instant deadline;
    final TokenListener listener;
    final CompletableFuture<ChatReply> reply;
    final long askedNanos = System.nanoTime();
    int sequence = -1;
    /** Tokens of the sequence that the engine has seen. */
    int fed;

    Job(
        Generation generation,
        Instant deadline,
        TokenListener listener,
        CompletableFuture<ChatReply> reply) {
      this.generation = generation;
      this.deadline = deadline;
      this.listener = listener;
      this.reply = reply;
    }

    int unfed() {
      return generation.length() - fed;
    }
  }

  private final String model;
  private final Engine engine;
  private final LocalModelSettings settings;
  private final ReplicaMetrics metrics;
  private final AtomicInteger waiting;
  private final Clock clock;
  private final Deque<Job> queue = new ArrayDeque<>();
  private final List<Job> running = new ArrayList<>();
  private float[][] logits = new float[0][];
  private boolean stepping;

  private ModelReplica(
      ActorContext<Command> context,
      String model,
      Engine engine,
      LocalModelSettings settings,
      ReplicaMetrics metrics,
      AtomicInteger waiting,
      Clock clock) {
    super(context);
    this.model = model;
    this.engine = engine;
    this.settings = settings;
    this.metrics = metrics;
    this.waiting = waiting;
    this.clock = clock;
  }

  /**
   * @param engine is the replica's from here on, and closed with it
   * @param waiting counts the requests that were accepted and do not run yet
   */
  static Behavior<Command> create(
      String model,
      Engine engine,
      LocalModelSettings settings,
      ReplicaMetrics metrics,
      AtomicInteger waiting,
      Clock clock) {
    return Behaviors.setup(
        context -> new ModelReplica(context, model, engine, settings, metrics, waiting, clock));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Run.class, this::onRun)
        .onMessage(Step.class, step -> onStep())
        .onMessage(Stop.class, stop -> Behaviors.stopped())
        .onSignal(PostStop.class, stop -> onPostStop())
        .build();
  }

  private Behavior<Command> onRun(Run run) {
    queue.add(run.job());
    keepStepping();
    return this;
  }

  private void keepStepping() {
    if (!stepping && (!queue.isEmpty() || !running.isEmpty())) {
      stepping = true;
      getContext().getSelf().tell(new Step());
    }
  }

  private Behavior<Command> onStep() {
    stepping = false;
    dropExpired();
    admit();
    List<Job> stepped = new ArrayList<>();
    List<Engine.Feed> feeds = feeds(stepped);
    if (!feeds.isEmpty() && forward(feeds, stepped)) {
      for (int i = 0; i < stepped.size(); i++) {
        advance(stepped.get(i), logits[i]);
      }
      running.removeIf(job -> job.sequence < 0);
    }
    keepStepping();
    return this;
  }

  private void dropExpired() {
    Instant now = clock.instant();
    for (Iterator<Job> jobs = queue.iterator(); jobs.hasNext(); ) {
      Job job = jobs.next();
      if (job.deadline.isBefore(now) || job.reply.isDone()) {
        jobs.remove();
        waiting.decrementAndGet();
        fail(job, late("the request waited"));
      }
    }
    for (Job job : running) {
      if (job.deadline.isBefore(now) || job.reply.isDone()) {
        fail(job, late("the answer had " + job.generation.newTokens() + " tokens"));
      }
    }
    running.removeIf(job -> job.sequence < 0);
  }

  private static AgentOsException late(String what) {
    return new AgentOsException(
        ErrorCode.DEADLINE_EXCEEDED, what + " when its deadline passed; allow more time");
  }

  private void admit() {
    while (!queue.isEmpty() && running.size() < settings.maxBatch()) {
      Job job = queue.getFirst();
      Generation generation = job.generation;
      int tokens = generation.prompt().tokens().length + generation.prompt().maxNewTokens();
      try {
        job.sequence = engine.open(Math.min(tokens, engine.contextLength()));
      } catch (RuntimeException e) {
        refuse(job, failed(e));
        continue;
      }
      if (job.sequence < 0) {
        if (running.isEmpty()) {
          refuse(job, tooLarge(tokens));
          continue;
        }
        return; // there is room once somebody has finished
      }
      queue.removeFirst();
      waiting.decrementAndGet();
      running.add(job);
      metrics.prefilled(generation.prompt().tokens().length);
    }
  }

  private void refuse(Job job, AgentOsException why) {
    queue.removeFirst();
    waiting.decrementAndGet();
    fail(job, why);
  }

  private AgentOsException tooLarge(int tokens) {
    return new AgentOsException(
        ErrorCode.CONTEXT_LENGTH_EXCEEDED,
        "prompt and max_tokens are " + tokens + " tokens together; the cache of model '" + model
            + "' has room for " + settings.cacheTokens()
            + ": shorten the messages, lower max_tokens, or raise llmagentos.model.models." + model
            + ".cache-tokens",
        "max_tokens");
  }

  /** One token of each answer, and of the prompts what {@code prefillTokens} allows, in the order they came. */
  private List<Engine.Feed> feeds(List<Job> stepped) {
    List<Engine.Feed> feeds = new ArrayList<>();
    int budget = settings.prefillTokens();
    for (Job job : running) {
      int count = job.unfed() == 1 ? 1 : Math.min(job.unfed(), budget);
      if (count == 0) {
        continue;
      }
      budget -= count == 1 ? 0 : count;
      feeds.add(new Engine.Feed(job.sequence, job.generation.tokens(job.fed, job.fed + count)));
      job.fed += count;
      stepped.add(job);
    }
    return feeds;
  }

  private boolean forward(List<Engine.Feed> feeds, List<Job> stepped) {
    if (logits.length < feeds.size()) {
      logits = new float[feeds.size()][engine.vocabularySize()];
    }
    float[][] rows = java.util.Arrays.copyOf(logits, feeds.size());
    try {
      engine.forward(feeds, rows);
      metrics.stepped(feeds.size());
      return true;
    } catch (RuntimeException e) {
      // Nobody knows which sequence broke it, nor what state the others are in.
      LOG.error("model {} failed in a step of {} sequences", model, feeds.size(), e);
      stepped.forEach(job -> fail(job, failed(e)));
      running.removeIf(job -> job.sequence < 0);
      return false;
    }
  }

  /** Take a row of logits; a row in the middle of a prompt says nothing yet. */
  private void advance(Job job, float[] row) {
    if (job.unfed() > 0) {
      return;
    }
    Generation generation = job.generation;
    try {
      if (generation.newTokens() == 0) {
        metrics.firstToken(Duration.ofNanos(System.nanoTime() - job.askedNanos));
      }
      String text = generation.advance(row);
      metrics.generated();
      boolean goesOn = job.listener.onToken(
          engine.weightVersion(), generation.lastToken(), generation.lastLogProb(), text);
      if (!goesOn && !generation.isFinished()) {
        generation.cancel();
      }
      if (generation.isFinished()) {
        ChatReply reply = generation.reply(model, engine.weightVersion());
        release(job);
        job.reply.complete(reply);
      }
    } catch (RuntimeException e) {
      fail(job, failed(e));
    }
  }

  private AgentOsException failed(RuntimeException e) {
    return e instanceof AgentOsException known
        ? known
        : new AgentOsException(
            ErrorCode.MODEL_FAILED, "model '" + model + "' failed: " + e, null, e);
  }

  private void fail(Job job, AgentOsException why) {
    release(job);
    job.reply.completeExceptionally(why);
  }

  private void release(Job job) {
    if (job.sequence >= 0) {
      engine.close(job.sequence);
      job.sequence = -1;
    }
  }

  private Behavior<Command> onPostStop() {
    AgentOsException stopped =
        new AgentOsException(ErrorCode.UNAVAILABLE, "model '" + model + "' was stopped");
    queue.forEach(job -> job.reply.completeExceptionally(stopped));
    running.forEach(job -> fail(job, stopped));
    waiting.addAndGet(-queue.size());
    engine.close();
    return this;
  }
}
