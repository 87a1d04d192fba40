package io.llmagentos.rl.job;

import io.llmagentos.node.bulk.Bulk;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.placement.MemberCommand;
import io.llmagentos.node.placement.Members;
import io.llmagentos.node.rank.GradientExchange;
import io.llmagentos.rl.algorithm.AlgorithmConfig;
import io.llmagentos.rl.algorithm.Learner;
import io.llmagentos.rl.algorithm.Learning;
import io.llmagentos.rl.env.Snapshot;
import io.llmagentos.rl.env.registration.EnvRegistry;
import io.llmagentos.rl.rollout.Fragment;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/** Learns on ranks of other nodes. A rank that is lost ends the driver's epoch: the run goes on from its checkpoint. */
final class RemoteLearning implements Learning {
  private static final Duration FETCH = Duration.ofSeconds(60);

  private record Done(byte[] parameters, byte[] state, Map<String, Double> metrics) {}

  private final AlgorithmConfig<?> config;
  private final EnvRegistry registry;
  private final int ranks;
  private final int environments;
  private final Bulk bulk;
  private final ActorRef<MemberCommand> driver;
  private final Object lock = new Object();
  private final Map<Integer, ActorRef<GradientExchange.Command>> exchanges = new TreeMap<>();
  private final Map<Integer, Done> done = new TreeMap<>();
  private final List<byte[]> states = new ArrayList<>();
  private List<Members.Member> members = List.of();
  private float[] parameters;
  private boolean statesAreNews;
  private long round;
  private @Nullable AgentOsException failure;
  private boolean closed;

  RemoteLearning(
      AlgorithmConfig<?> config, EnvRegistry registry, Bulk bulk, ActorRef<MemberCommand> driver) {
    this.config = config;
    this.registry = registry;
    this.ranks = config.ranks();
    this.environments = config.environments();
    this.bulk = bulk;
    this.driver = driver;
    Learner first = config.newLearner(registry, 0);
    this.parameters = first.parameters().clone();
    for (int rank = 0; rank < ranks; rank++) {
      states.add(Snapshot.of(config.newLearner(registry, rank)::write));
    }
  }

  // ---- told by the driver's actor

  void members(List<Members.Member> present) {
    synchronized (lock) {
      members = present;
      lock.notifyAll();
    }
    present.forEach(member -> member.ref().tell(new LearnerRank.FindExchange(driver)));
  }

  void found(LearnerRank.Exchange found) {
    synchronized (lock) {
      exchanges.put(found.rank(), found.exchange());
      lock.notifyAll();
    }
  }

  void learnt(LearnerRank.Learnt learnt) {
    bulk.fetch(learnt.parameters(), FETCH)
        .thenCombine(
            bulk.fetch(learnt.state(), FETCH),
            (params, state) -> new Done(params, state, learnt.metrics()))
        .whenComplete((result, lost) -> {
          synchronized (lock) {
            if (learnt.round() != round) {
              return;
            }
            if (result == null) {
              failure = new AgentOsException(
                  ErrorCode.UNAVAILABLE, "rank " + learnt.rank() + "'s result is lost: " + lost);
            } else {
              done.put(learnt.rank(), result);
            }
            lock.notifyAll();
          }
        });
  }

  void failed(LearnerRank.LearningFailed failed) {
    synchronized (lock) {
      if (failed.round() == round) {
        failure = new AgentOsException(
            failed.code(), "learner rank " + failed.rank() + ": " + failed.message());
        lock.notifyAll();
      }
    }
  }

  // ---- called by the learning thread

  @Override
  public float[] parameters() {
    return parameters;
  }

  @Override
  public Map<String, Double> learn(List<Fragment> fragments, long steps) {
    int each = environments / ranks;
    synchronized (lock) {
      await(() -> members.size() == ranks && exchanges.size() == ranks);
      round++;
      done.clear();
      for (Members.Member member : members) {
        int rank = member.id().index();
        member
            .ref()
            .tell(new LearnerRank.Learn(
                round,
                List.copyOf(exchanges.values()),
                statesAreNews ? bulk.offer(states.get(rank), 1) : null,
                bulk.offer(
                    FragmentBytes.of(
                        Fragment.ofEnvironments(fragments, rank * each, (rank + 1) * each)),
                    1),
                steps,
                driver));
      }
      statesAreNews = false;
      await(() -> done.size() == ranks);
      for (int rank = 0; rank < ranks; rank++) {
        states.set(rank, Objects.requireNonNull(done.get(rank)).state());
      }
      Done first = Objects.requireNonNull(done.get(0));
      parameters = FragmentBytes.toFloats(first.parameters());
      return first.metrics();
    }
  }

  private void await(BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      if (closed) {
        throw new AgentOsException(ErrorCode.STOPPED, "learning was stopped");
      }
      if (failure != null) {
        throw failure;
      }
      try {
        TimeUnit.MILLISECONDS.timedWait(lock, 500);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AgentOsException(ErrorCode.STOPPED, "learning was interrupted");
      }
    }
  }

  /** In the form of ranks in one process, so that a checkpoint serves both. */
  @Override
  public void write(DataOutput out) throws IOException {
    out.writeInt(ranks);
    for (byte[] state : states) {
      out.write(state);
    }
  }

  @Override
  public void read(DataInput in) throws IOException {
    int saved = in.readInt();
    if (saved != ranks) {
      throw new IOException(saved + " learners; wanted " + ranks);
    }
    synchronized (lock) {
      for (int rank = 0; rank < ranks; rank++) {
        Learner learner = config.newLearner(registry, rank);
        learner.read(in);
        states.set(rank, Snapshot.of(learner::write));
        if (rank == 0) {
          parameters = learner.parameters().clone();
        }
      }
      statesAreNews = true;
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
