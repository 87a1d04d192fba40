package io.llmagentos.rl.env.remote;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.rl.env.EnvFault;
import io.llmagentos.rl.env.Outcome;
import io.llmagentos.rl.env.remote.SpaceReader.Described;
import io.llmagentos.rl.space.Space;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * N environments in one process, behind one connection. Steps that were expected are taken in one round trip. A step that ends an episode brings the first
 * observation of the next one along, which the reset then has without a round trip.
 *
 * <p>A process that is lost or slow is given up, its running episodes are truncated, and the next reset starts or finds another one. One that breaks the
 * protocol or its spaces, or is lost too often, is the environment's failure. Every call ends within its time limit and that of a connection. Not
 * thread-safe.
 */
final class RemoteBatch {
  private static final Logger LOG = LoggerFactory.getLogger(RemoteBatch.class);
  private static final int MAX_ENVIRONMENTS = 4096;
  private static final long GOODBYE_NANOS = TimeUnit.SECONDS.toNanos(2);
  private static final int RESET_ENTRY = 13;
  private static final int STEPPED_ENTRY = 9;
  private static final int TERMINATED = 1;
  private static final int TRUNCATED = 2;

  private final String id;
  private final RemoteSettings settings;
  private final Peer peer;
  private final int size;
  private final Described observations;
  private final Described actions;
  private final int observationWidth;
  private final int actionWidth;

  private @Nullable FrameChannel channel;
  private @Nullable AgentOsException failure;
  private int restartsInARow;
  private int restarts;
  private String lastLoss = "";
  private int open;

  /** What the next step of an environment is. */
  private enum Next {
    /** Nothing: a reset is due. */
    RESET,
    /** A step. */
    STEP,
    /** A step whose action is known. */
    EXPECTED,
    /** A step that was taken; what came of it is not yet told. */
    TAKEN
  }

  private final Next[] next;
  private final boolean[] lost;
  private final boolean[] begun;
  private final long[] seeds;
  private final boolean[] seeded;
  private final boolean[] reseed;
  private final float[] actionRows;
  private final float[] rows;
  private final float[] firstRows;
  private final double[] rewards;
  private final boolean[] terminated;
  private final boolean[] truncated;

  private record Spaces(Described observations, Described actions) {}

  /** Starts or finds the process and makes the environments there. What fails already here is not tried again. */
  static RemoteBatch open(RemoteSettings settings, int size) {
    if (size > MAX_ENVIRONMENTS) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          settings.describe() + ": " + size + " environments, at most " + MAX_ENVIRONMENTS
              + " share a process",
          "num_envs");
    }
    Peer peer = settings.peer();
    try {
      return new RemoteBatch(settings, peer, size);
    } catch (PeerException e) {
      peer.discard();
      AgentOsException failure = failed(settings.describe(), e.getMessage(), peer);
      peer.close();
      throw failure;
    } catch (RuntimeException e) {
      peer.close();
      throw e;
    }
  }

  private RemoteBatch(RemoteSettings settings, Peer peer, int size) throws PeerException {
    this.id = settings.describe();
    this.settings = settings;
    this.peer = peer;
    this.size = size;
    this.open = size;
    Spaces spaces = connect();
    this.observations = spaces.observations;
    this.actions = spaces.actions;
    this.observationWidth = observations.space().flatdim();
    this.actionWidth = actions.space().width();
    this.next = new Next[size];
    Arrays.fill(next, Next.RESET);
    this.lost = new boolean[size];
    this.begun = new boolean[size];
    this.seeds = new long[size];
    this.seeded = new boolean[size];
    this.reseed = new boolean[size];
    this.actionRows = new float[size * actionWidth];
    this.rows = new float[size * observationWidth];
    this.firstRows = new float[size * observationWidth];
    this.rewards = new double[size];
    this.terminated = new boolean[size];
    this.truncated = new boolean[size];
  }

  List<RemoteEnv> environments() {
    return IntStream.range(0, size).mapToObj(i -> new RemoteEnv(this, i)).toList();
  }

  Space<?> observationSpace() {
    return observations.space();
  }

  Space<?> actionSpace() {
    return actions.space();
  }

  private static long deadline(Duration limit) {
    return System.nanoTime() + limit.toNanos();
  }

  private Spaces connect() throws PeerException {
    long deadline = deadline(settings.connectTimeout());
    FrameChannel fresh = peer.open(deadline);
    try {
      fresh.begin(FrameType.MAKE, 5).putInt(size).put((byte) 1);
      fresh.send(deadline);
      ByteBuffer body = fresh.receive(FrameType.SPACES, FrameChannel.MAX_FRAME, deadline);
      Described observation = SpaceReader.read(body, "observation_space");
      Described action = SpaceReader.read(body, "action_space");
      Wire.end(body, FrameType.SPACES);
      bound(observation, "observation_space", 2L * observation.layout().bytes() + STEPPED_ENTRY);
      bound(action, "action_space", action.layout().bytes() + 4L);
      channel = fresh;
      return new Spaces(observation, action);
    } catch (PeerException | RuntimeException e) {
      fresh.close();
      throw e;
    }
  }

  private void bound(Described described, String name, long entry) throws PeerException {
    long numbers = Math.max(described.space().flatdim(), described.space().width());
    if (entry * size + 16 > FrameChannel.MAX_FRAME
        || numbers * size > FrameChannel.MAX_FRAME / Float.BYTES) {
      throw PeerException.broken("the " + name + "s of " + size + " environments need "
          + Math.max(entry, numbers * Float.BYTES) * size + " bytes, at most "
          + FrameChannel.MAX_FRAME + " are possible; take fewer environments");
    }
  }

  private FrameChannel connected() throws PeerException {
    AgentOsException dead = failure;
    if (dead != null) {
      throw dead;
    }
    FrameChannel present = channel;
    if (present != null) {
      return present;
    }
    Spaces spaces = connect();
    if (!spaces.observations.space().equals(observations.space())
        || !spaces.actions.space().equals(actions.space())) {
      throw PeerException.broken("it came back with other spaces: " + spaces.observations.space()
          + ", " + spaces.actions.space());
    }
    return Objects.requireNonNull(channel);
  }

  /** With new random numbers. */
  void reset(int i, long seed, float[] out, int offset) {
    seeds[i] = seed;
    seeded[i] = true;
    reseed[i] = false;
    begun[i] = false;
    reset(i, true, seed, out, offset);
  }

  /** With the random numbers where they stand; in another process than before, with seeds that follow from the last one and from the number of restarts. */
  void reset(int i, float[] out, int offset) {
    if (begun[i]) {
      begun[i] = false;
      int row = i * observationWidth;
      System.arraycopy(firstRows, row, rows, row, observationWidth);
      begin(i, out, offset);
      return;
    }
    reset(i, false, 0, out, offset);
  }

  private void reset(int i, boolean withSeed, long seed, float[] out, int offset) {
    while (true) {
      try {
        FrameChannel present = connected();
        boolean again = !withSeed && reseed[i];
        present
            .begin(FrameType.RESET, 4 + RESET_ENTRY)
            .putInt(1)
            .putInt(i)
            .put((byte) (withSeed || again ? 1 : 0))
            .putLong(again ? seeds[i] + 0x9e3779b97f4a7c15L * restarts : seed);
        long deadline = deadline(settings.resetTimeout());
        present.send(deadline);
        int bytes = observations.layout().bytes();
        ByteBuffer body = present.receive(FrameType.OBSERVATIONS, bytes, deadline);
        Wire.need(body, bytes, "the observation of environment " + i);
        observations.layout().read(body, rows, i * observationWidth);
        reseed[i] = false;
        begin(i, out, offset);
        return;
      } catch (PeerException e) {
        lose(e);
      } catch (AgentOsException e) {
        giveUp();
        throw e;
      }
    }
  }

  private void begin(int i, float[] out, int offset) {
    System.arraycopy(rows, i * observationWidth, out, offset, observationWidth);
    next[i] = Next.STEP;
    lost[i] = false;
  }

  /** The action that environment i takes next. */
  void expect(int i, float[] action, int offset) {
    if (next[i] == Next.RESET) {
      throw EnvFault.stepWithoutReset(id, "no episode runs");
    }
    if (next[i] != Next.TAKEN) {
      System.arraycopy(action, offset, actionRows, i * actionWidth, actionWidth);
      next[i] = Next.EXPECTED;
    }
  }

  void step(int i, float[] action, int actionOffset, float[] out, int offset, Outcome outcome) {
    if (next[i] != Next.TAKEN) {
      expect(i, action, actionOffset);
    }
    int from = i * actionWidth;
    if (!Arrays.equals(
        actionRows, from, from + actionWidth, action, actionOffset, actionOffset + actionWidth)) {
      throw new AgentOsException(
          ErrorCode.CONFLICT, id + ": the step has another action than the one expected");
    }
    if (next[i] == Next.EXPECTED && !lost[i]) {
      takeExpected();
    }
    System.arraycopy(rows, i * observationWidth, out, offset, observationWidth);
    if (next[i] == Next.TAKEN) {
      outcome.set(rewards[i], terminated[i], truncated[i]);
      next[i] = outcome.done() ? Next.RESET : Next.STEP;
    } else {
      outcome.set(0, false, true);
      outcome.info = Map.of("remote_restart", lastLoss);
      next[i] = Next.RESET;
      lost[i] = false;
    }
  }

  private void takeExpected() {
    try {
      FrameChannel present = connected();
      Layout layout = actions.layout();
      ByteBuffer frame = present.begin(FrameType.STEP, 4 + size * (4 + layout.bytes()));
      int count = 0;
      int at = frame.position();
      frame.putInt(0);
      for (int i = 0; i < size; i++) {
        if (next[i] == Next.EXPECTED && !lost[i]) {
          frame.putInt(i);
          layout.write(actionRows, i * actionWidth, frame);
          count++;
        }
      }
      frame.putInt(at, count);
      long deadline = deadline(settings.stepTimeout());
      present.send(deadline);
      int longest = count * (STEPPED_ENTRY + 2 * observations.layout().bytes());
      read(present.receive(FrameType.STEPPED, longest, deadline));
    } catch (PeerException e) {
      lose(e);
    } catch (AgentOsException e) {
      giveUp();
      throw e;
    }
  }

  private void read(ByteBuffer body) throws PeerException {
    Layout layout = observations.layout();
    for (int i = 0; i < size; i++) {
      if (next[i] != Next.EXPECTED || lost[i]) {
        continue;
      }
      Wire.need(body, STEPPED_ENTRY + layout.bytes(), "what came of environment " + i);
      rewards[i] = body.getDouble();
      int flags = body.get();
      if ((flags & ~(TERMINATED | TRUNCATED)) != 0) {
        throw PeerException.broken("environment " + i + " has the unknown flags " + flags);
      }
      terminated[i] = (flags & TERMINATED) != 0;
      truncated[i] = (flags & TRUNCATED) != 0;
      layout.read(body, rows, i * observationWidth);
      if (flags != 0) {
        Wire.need(body, layout.bytes(), "the first observation of environment " + i);
        layout.read(body, firstRows, i * observationWidth);
        begun[i] = true;
        restartsInARow = 0;
      }
      next[i] = Next.TAKEN;
    }
    Wire.end(body, FrameType.STEPPED);
  }

  /** Gives the process up. All running episodes are lost. */
  private void giveUp() {
    FrameChannel present = channel;
    if (present != null) {
      present.close();
      channel = null;
    }
    peer.discard();
    Arrays.fill(lost, true);
    Arrays.fill(begun, false);
    System.arraycopy(seeded, 0, reseed, 0, size);
  }

  /** Gives the process up for a reason. Throws if there is no point in another one. */
  private void lose(PeerException e) {
    giveUp();
    lastLoss = String.valueOf(e.getMessage());
    restarts++;
    restartsInARow++;
    if (e.lasting() || restartsInARow > settings.maxRestarts()) {
      String text = e.lasting()
          ? lastLoss
          : lastLoss + "; lost " + restartsInARow
              + " times in a row without an episode that came to its end, max_restarts is "
              + settings.maxRestarts();
      AgentOsException last = failed(id, text, peer);
      failure = last;
      throw last;
    }
    LOG.warn("{}: {}; its running episodes are truncated, it is started again", id, lastLoss);
  }

  private static AgentOsException failed(String id, @Nullable String what, Peer peer) {
    String output = peer.output();
    return new AgentOsException(
        ErrorCode.ENVIRONMENT_FAILED,
        id + ": " + what + (output.isEmpty() ? "" : "\nIts last lines:\n" + output));
  }

  /** One of the environments is closed; with the last one the connection, and the process if it is ours. */
  void closeOne() {
    open--;
    if (open > 0) {
      return;
    }
    long deadline = System.nanoTime() + GOODBYE_NANOS;
    FrameChannel present = channel;
    if (present != null) {
      channel = null;
      try {
        present.begin(FrameType.CLOSE, 0);
        present.send(deadline);
        present.awaitEnd(deadline);
      } catch (PeerException e) {
        LOG.debug("{}: did not hear of its end: {}", id, e.getMessage());
      }
      present.close();
    }
    peer.close(deadline);
  }
}
