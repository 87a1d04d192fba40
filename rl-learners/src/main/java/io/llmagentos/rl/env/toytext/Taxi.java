package io.llmagentos.rl.env.toytext;

import io.llmagentos.rl.tabular.Mdp;
import io.llmagentos.rl.tabular.Transition;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Fetch a passenger at one of four stands and bring them to another. Actions: south, north, east, west, pick up, drop off (0..5). The state is {@code ((row
 * * 5 + column) * 5 + passenger) * 4 + destination}; passenger 4 rides. -1 a step, -10 for a wrong pick-up or drop-off, 20 for the delivery. The info
 * holds the mask of the actions that change something ("action_mask").
 *
 * <p>Rain: a possible move goes ahead with {@code rainyProbability} and otherwise to the left or right of its direction; an impossible one stays. A fickle
 * passenger changes the destination once after the first move with them, with {@code fickleProbability}; {@link #mdp} leaves that out.
 *
 * <p>Dietterich, "Hierarchical Reinforcement Learning with the MAXQ Value Function Decomposition", 2000.
 */
public final class Taxi extends TabularEnv {
  private static final List<String> MAP = List.of(
      "+---------+",
      "|R: | : :G|",
      "| : | : : |",
      "| : : : : |",
      "| | : | : |",
      "|Y| : |B: |",
      "+---------+");
  private static final int SIZE = 5;
  private static final int STATES = 500;
  private static final int ACTIONS = 6;
  private static final int PICK_UP = 4;
  private static final int RIDING = 4;
  /** Positions (row * 5 + column) of R, G, Y, B. */
  private static final int[] STANDS = {0, 4, 20, 23};
  /** The moves to the left and right of south, north, east, west. */
  private static final int[] LEFT = {2, 3, 1, 0};

  private static final int[] RIGHT = {3, 2, 0, 1};

  private final boolean fickle;
  private final double fickleProbability;
  private boolean fickleStep;

  public Taxi(boolean rainy, double rainyProbability, boolean fickle, double fickleProbability) {
    super(model(rainy, rainyProbability));
    this.fickle = fickle;
    this.fickleProbability = fickleProbability;
  }

  private static Mdp model(boolean rainy, double rainyProbability) {
    double[] initial = new double[STATES];
    for (int s = 0; s < STATES; s++) {
      initial[s] = passenger(s) < RIDING && passenger(s) != destination(s) ? 1.0 / 300 : 0;
    }
    return Mdp.of(
        STATES,
        ACTIONS,
        (state, action) -> {
          if (action == PICK_UP) {
            return List.of(pickUp(state));
          }
          if (action > PICK_UP) {
            return List.of(dropOff(state));
          }
          return moves(state, action, rainy, rainyProbability);
        },
        initial,
        1);
  }

  private static List<Transition> moves(
      int state, int action, boolean rainy, double rainyProbability) {
    int position = position(state);
    int ahead = move(position, action);
    if (!rainy) {
      return List.of(moved(state, ahead, 1));
    }
    boolean possible = ahead != position;
    double side = (1.0 - rainyProbability) / 2.0;
    List<Transition> outcomes = new ArrayList<>();
    outcomes.add(moved(state, ahead, rainyProbability));
    outcomes.add(moved(state, possible ? move(position, LEFT[action]) : position, side));
    outcomes.add(moved(state, possible ? move(position, RIGHT[action]) : position, side));
    return outcomes;
  }

  private static Transition moved(int state, int position, double probability) {
    return new Transition(
        probability, encode(position, passenger(state), destination(state)), -1, false);
  }

  private static Transition pickUp(int state) {
    int passenger = passenger(state);
    return passenger < RIDING && position(state) == STANDS[passenger]
        ? new Transition(1, encode(position(state), RIDING, destination(state)), -1, false)
        : new Transition(1, state, -10, false);
  }

  private static Transition dropOff(int state) {
    int stand = standAt(position(state));
    if (passenger(state) != RIDING || stand < 0) {
      return new Transition(1, state, -10, false);
    }
    int next = encode(position(state), stand, destination(state));
    return stand == destination(state)
        ? new Transition(1, next, 20, true)
        : new Transition(1, next, -1, false);
  }

  /** Where a move from a position leads; the position itself behind a wall. */
  private static int move(int position, int action) {
    int row = position / SIZE;
    int column = position % SIZE;
    return switch (action) {
      case 0 -> Math.min(row + 1, SIZE - 1) * SIZE + column;
      case 1 -> Math.max(row - 1, 0) * SIZE + column;
      case 2 -> MAP.get(row + 1).charAt(2 * column + 2) == ':' ? position + 1 : position;
      default -> MAP.get(row + 1).charAt(2 * column) == ':' ? position - 1 : position;
    };
  }

  private static int standAt(int position) {
    for (int i = 0; i < STANDS.length; i++) {
      if (STANDS[i] == position) {
        return i;
      }
    }
    return -1;
  }

  private static int encode(int position, int passenger, int destination) {
    return (position * 5 + passenger) * 4 + destination;
  }

  private static int position(int state) {
    return state / 20;
  }

  private static int passenger(int state) {
    return state / 4 % 5;
  }

  private static int destination(int state) {
    return state % 4;
  }

  @Override
  void begin() {
    fickleStep = fickle && uniform() < fickleProbability;
  }

  @Override
  int arrive(int from, Transition transition) {
    int next = transition.nextState();
    if (!fickleStep || passenger(from) != RIDING || position(next) == position(from)) {
      return next;
    }
    fickleStep = false;
    int other = (int) random().integers(STANDS.length - 1);
    int destination = other < destination(from) ? other : other + 1;
    return encode(position(next), passenger(next), destination);
  }

  @Override
  Map<String, Object> info(double probability) {
    byte[] mask = new byte[ACTIONS];
    for (int action = 0; action < ACTIONS; action++) {
      mask[action] = (byte) (allowed(action) ? 1 : 0);
    }
    return Map.of("prob", probability, "action_mask", mask);
  }

  @Override
  public int actionMaskWidth() {
    return ACTIONS;
  }

  @Override
  public void actionMask(boolean[] mask, int offset) {
    for (int action = 0; action < ACTIONS; action++) {
      mask[offset + action] = allowed(action);
    }
  }

  private boolean allowed(int action) {
    int position = position(state());
    int passenger = passenger(state());
    if (action < PICK_UP) {
      return move(position, action) != position;
    }
    return action == PICK_UP
        ? passenger < RIDING && position == STANDS[passenger]
        : passenger == RIDING && standAt(position) >= 0;
  }

  @Override
  void write(DataOutput out) throws IOException {
    out.writeBoolean(fickleStep);
  }

  @Override
  void read(DataInput in) throws IOException {
    fickleStep = in.readBoolean();
  }

  /** The map; T is the empty taxi, t the taken one; below it where the passenger is and wants to go. */
  @Override
  public Optional<String> render() {
    List<StringBuilder> rows = MAP.stream().map(StringBuilder::new).toList();
    int position = position(state());
    int passenger = passenger(state());
    rows.get(position / SIZE + 1)
        .setCharAt(2 * (position % SIZE) + 1, passenger == RIDING ? 't' : 'T');
    String stands = "RGYB";
    return Optional.of(String.join("\n", rows) + "\n"
        + (passenger == RIDING ? "riding" : stands.substring(passenger, passenger + 1))
        + " -> " + stands.charAt(destination(state())) + "\n");
  }
}
