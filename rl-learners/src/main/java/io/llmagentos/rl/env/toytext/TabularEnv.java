package io.llmagentos.rl.env.toytext;

import io.llmagentos.rl.env.ArrayEnv;
import io.llmagentos.rl.env.Outcome;
import io.llmagentos.rl.env.Snapshot;
import io.llmagentos.rl.random.Generator;
import io.llmagentos.rl.space.Discrete;
import io.llmagentos.rl.space.Space;
import io.llmagentos.rl.tabular.Mdp;
import io.llmagentos.rl.tabular.Transition;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;

/** An environment that is its {@link Mdp}: one uniform number a step chooses among the outcomes. The info says how probable the outcome was ("prob"). */
public class TabularEnv implements ArrayEnv<Integer, Integer> {
  private static final int NO_ACTION = -1;

  private final Mdp mdp;
  private final Discrete observationSpace;
  private final Discrete actionSpace;
  private @Nullable Generator random;
  private @Nullable DoubleSupplier draws;
  private int state;
  private int lastAction = NO_ACTION;

  public TabularEnv(Mdp mdp) {
    this.mdp = mdp;
    this.observationSpace = new Discrete(mdp.states());
    this.actionSpace = new Discrete(mdp.actions());
  }

  /** The exact model, with gamma 1. */
  public final Mdp mdp() {
    return mdp;
  }

  /** The present state; the episode goes on when it is set. */
  public final int state() {
    return state;
  }

  public final void state(int next) {
    state = next;
  }

  /** Takes the uniform numbers from here in place of the generator. */
  final void play(DoubleSupplier uniforms) {
    draws = uniforms;
  }

  /** Where a transition really leads. */
  int arrive(int from, Transition transition) {
    return transition.nextState();
  }

  /** Called when an episode begins, after its first state was drawn. */
  void begin() {}

  Map<String, Object> info(double probability) {
    return Map.of("prob", probability);
  }

  /** The last action of this episode; -1 before the first. */
  final int lastAction() {
    return lastAction;
  }

  @Override
  public final Space<Integer> observationSpace() {
    return observationSpace;
  }

  @Override
  public final Space<Integer> actionSpace() {
    return actionSpace;
  }

  @Override
  public final Map<String, Object> reset(long seed, float[] observation, int offset) {
    random = Generator.of(seed);
    return reset(observation, offset);
  }

  @Override
  public final Map<String, Object> reset(float[] observation, int offset) {
    double draw = uniform();
    double cumulative = 0;
    state = 0;
    for (int s = 0; s < mdp.states(); s++) {
      cumulative += mdp.initial(s);
      if (cumulative > draw) {
        state = s;
        break;
      }
    }
    lastAction = NO_ACTION;
    begin();
    observationSpace.flatten(state, observation, offset);
    return info(1);
  }

  @Override
  public final void step(
      float[] action,
      int actionOffset,
      float[] observation,
      int observationOffset,
      Outcome outcome) {
    int chosen = (int) action[actionOffset];
    Transition transition = draw(chosen);
    state = arrive(state, transition);
    lastAction = chosen;
    observationSpace.flatten(state, observation, observationOffset);
    outcome.set(transition.reward(), transition.terminated(), false);
    outcome.info = info(transition.probability());
  }

  private Transition draw(int action) {
    double draw = uniform();
    double cumulative = 0;
    for (Transition transition : mdp.transitions(state, action)) {
      cumulative += transition.probability();
      if (cumulative > draw) {
        return transition;
      }
    }
    return mdp.transitions(state, action).getFirst();
  }

  final double uniform() {
    return draws != null ? draws.getAsDouble() : random().random();
  }

  final Generator random() {
    Generator present = random;
    if (present == null) {
      present = Generator.ofEntropy();
      random = present;
    }
    return present;
  }

  /** Writes what the future depends on beside state and random numbers. */
  void write(DataOutput out) throws IOException {}

  /** Reads what {@link #write} wrote. */
  void read(DataInput in) throws IOException {}

  @Override
  public final Optional<byte[]> snapshot() {
    return Optional.of(Snapshot.of(out -> {
      random().write(out);
      out.writeInt(state);
      out.writeInt(lastAction);
      write(out);
    }));
  }

  @Override
  public final void restore(byte[] snapshot) {
    Snapshot.read(snapshot, in -> {
      random().read(in);
      state = in.readInt();
      lastAction = in.readInt();
      read(in);
    });
  }
}
