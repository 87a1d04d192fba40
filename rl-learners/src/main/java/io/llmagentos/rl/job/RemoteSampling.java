package io.llmagentos.rl.job;

import io.llmagentos.node.bulk.Bulk;
import io.llmagentos.node.bulk.Payload;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.placement.MemberCommand;
import io.llmagentos.node.placement.Members;
import io.llmagentos.rl.algorithm.AlgorithmConfig;
import io.llmagentos.rl.algorithm.Sampling;
import io.llmagentos.rl.rollout.Fragment;
import io.llmagentos.rl.rollout.Sampler.Behaviour;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/**
 * Samples on runners. The run's environments are divided into as many slots as the configuration has runners; the runners that are there share the slots in
 * blocks, fewer or later ones as well. After every round it has the state of every slot, so that a slot whose runner is lost is sampled again elsewhere, with
 * the same result. The learning thread calls {@link Sampling}'s methods; the driver's actor tells it what it hears.
 */
final class RemoteSampling implements Sampling {
  /** A request or an answer may be lost with its connection. */
  static final Duration ASK_AGAIN = Duration.ofSeconds(10);

  private static final Duration FETCH = Duration.ofSeconds(30);

  private static final class Slot {
    final int index;
    /** The round after which {@link #state} stands. */
    long after;

    byte @Nullable [] state;

    @Nullable
    ActorRef<MemberCommand> runner;
    /** Whether the runner has the state by itself. */
    boolean resident;
    // the round under way
    boolean asked;
    long askedAt;

    @Nullable
    List<Fragment> fragments;

    byte @Nullable [] next;

    Slot(int index) {
      this.index = index;
    }
  }

  private record Request(byte[] parameters, int count, int steps, Behaviour behaviour) {}

  private final Slot[] slots;
  private final int perSlot;
  private final boolean async;
  private final Duration askAgain;
  private final Bulk bulk;
  private final ActorRef<MemberCommand> driver;
  private final Object lock = new Object();
  private List<ActorRef<MemberCommand>> runners = List.of();
  private long round;
  private @Nullable Request underWay;
  private @Nullable AgentOsException failure;
  private boolean closed;

  /** @param askAgain after which a request without an answer is repeated */
  RemoteSampling(
      AlgorithmConfig<?> config, Bulk bulk, ActorRef<MemberCommand> driver, Duration askAgain) {
    this.askAgain = askAgain;
    this.slots = new Slot[config.runners()];
    Arrays.setAll(slots, Slot::new);
    this.perSlot = config.get(AlgorithmConfig.NUM_ENVS_PER_ENV_RUNNER);
    this.async = config.get(AlgorithmConfig.SAMPLE_ASYNC);
    this.bulk = bulk;
    this.driver = driver;
  }

  // ---- told by the driver's actor

  /** The runners that are there. */
  void members(List<Members.Member> present) {
    synchronized (lock) {
      runners = present.stream().map(Members.Member::ref).toList();
      lock.notifyAll();
    }
  }

  void sampled(EnvRunner.Sampled answer) {
    synchronized (lock) {
      if (answer.round() != round || slots[answer.slot()].fragments != null) {
        return;
      }
    }
    bulk.fetch(answer.fragments(), FETCH)
        .thenCombine(
            answer.state() == null
                ? java.util.concurrent.CompletableFuture.<byte[]>completedFuture(null)
                : bulk.fetch(answer.state(), FETCH),
            (fragments, state) -> {
              arrived(answer, FragmentBytes.read(fragments), state);
              return true;
            })
        .exceptionally(lost -> false); // asked for again
  }

  private void arrived(
      EnvRunner.Sampled answer, List<Fragment> fragments, byte @Nullable [] state) {
    synchronized (lock) {
      Slot slot = slots[answer.slot()];
      if (answer.round() == round && slot.fragments == null) {
        slot.fragments = fragments;
        slot.next = state;
        lock.notifyAll();
      }
    }
  }

  void failed(EnvRunner.SamplingFailed failed) {
    synchronized (lock) {
      if (failed.round() == round) {
        failure = new AgentOsException(failed.code(), failed.message());
        lock.notifyAll();
      }
    }
  }

  // ---- called by the learning thread

  @Override
  public List<Fragment> sample(float[] parameters, int count, int steps, Behaviour behaviour) {
    Request wanted = new Request(FragmentBytes.ofFloats(parameters), count, steps, behaviour);
    synchronized (lock) {
      if (underWay == null) {
        begin(wanted);
      }
      List<Fragment> fragments = await();
      if (async) {
        begin(wanted);
      }
      return fragments;
    }
  }

  private void begin(Request request) {
    round++;
    underWay = request;
    for (Slot slot : slots) {
      slot.asked = false;
      slot.fragments = null;
      slot.next = null;
    }
    ask();
  }

  private List<Fragment> await() {
    Request request = java.util.Objects.requireNonNull(underWay);
    while (true) {
      if (closed) {
        throw new AgentOsException(ErrorCode.STOPPED, "sampling was stopped");
      }
      if (failure != null) {
        throw failure;
      }
      if (Arrays.stream(slots).allMatch(slot -> slot.fragments != null)) {
        break;
      }
      ask();
      try {
        TimeUnit.MILLISECONDS.timedWait(lock, 500);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AgentOsException(ErrorCode.STOPPED, "sampling was interrupted");
      }
    }
    underWay = null;
    List<Fragment> inOrder = new ArrayList<>();
    for (int i = 0; i < request.count(); i++) {
      for (Slot slot : slots) {
        inOrder.add(java.util.Objects.requireNonNull(slot.fragments).get(i));
      }
    }
    for (Slot slot : slots) {
      slot.after = round;
      slot.state = slot.next;
      slot.resident = true;
    }
    return inOrder;
  }

  /** Ask for what was not asked, whose runner is gone, or whose answer is late. Slots go to runners in blocks, which move only when runners come or go. */
  private void ask() {
    Request request = underWay;
    if (request == null || runners.isEmpty()) {
      return;
    }
    List<Slot> due = new ArrayList<>();
    for (Slot slot : slots) {
      ActorRef<MemberCommand> wanted =
          runners.get((int) ((long) slot.index * runners.size() / slots.length));
      if (!wanted.equals(slot.runner) && (!slot.asked || !runners.contains(slot.runner))) {
        slot.runner = wanted;
        slot.resident = false;
        slot.asked = false;
      }
      boolean late = System.nanoTime() - slot.askedAt > askAgain.toNanos();
      if (slot.fragments == null && (!slot.asked || late)) {
        due.add(slot);
      }
    }
    if (due.isEmpty()) {
      return;
    }
    Payload parameters = bulk.offer(request.parameters(), due.size());
    for (Slot slot : due) {
      slot.asked = true;
      slot.askedAt = System.nanoTime();
      byte[] state = slot.state;
      ActorRef<MemberCommand> runner = slot.runner;
      if (runner != null) {
        runner.tell(new EnvRunner.Sample(
            round,
            slot.index,
            slot.after,
            slot.resident || state == null ? null : bulk.offer(state, 1),
            parameters,
            request.count(),
            request.steps(),
            request.behaviour(),
            driver));
      }
    }
  }

  @Override
  public Optional<List<byte[]>> snapshot() {
    synchronized (lock) {
      List<byte[]> parts = new ArrayList<>();
      for (Slot slot : slots) {
        byte[] state = slot.state;
        if (state == null) {
          return Optional.empty();
        }
        parts.addAll(FragmentBytes.toParts(state));
      }
      return Optional.of(parts);
    }
  }

  @Override
  public void restore(List<byte[]> parts) {
    synchronized (lock) {
      round++;
      for (Slot slot : slots) {
        slot.state =
            FragmentBytes.ofParts(parts.subList(slot.index * perSlot, (slot.index + 1) * perSlot));
        slot.after = round;
        slot.resident = false;
      }
    }
  }

  @Override
  public void close() {
    synchronized (lock) {
      closed = true;
      lock.notifyAll();
    }
  }
}
