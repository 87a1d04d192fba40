package io.llmagentos.rl.env.toytext;

import io.llmagentos.rl.tabular.Mdp;
import io.llmagentos.rl.tabular.Transition;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Walk from one corner of a 4 x 12 grid to another along a cliff. Actions: up, right, down, left (0..3). A step costs 1; a fall costs 100 and leads back to
 * the start. Slippery ground takes the step to either side with probability 1/3 each. Sutton and Barto, example 6.6.
 */
public final class CliffWalking extends TabularEnv {
  private static final int ROWS = 4;
  private static final int COLUMNS = 12;
  private static final int START = 36;
  private static final int GOAL = 47;
  private static final int[] DOWN = {-1, 0, 1, 0};
  private static final int[] RIGHT = {0, 1, 0, -1};

  public CliffWalking(boolean slippery) {
    super(model(slippery));
  }

  private static Mdp model(boolean slippery) {
    double[] initial = new double[ROWS * COLUMNS];
    initial[START] = 1;
    return Mdp.of(
        ROWS * COLUMNS,
        4,
        (state, action) -> {
          List<Transition> outcomes = new ArrayList<>();
          if (!slippery) {
            outcomes.add(outcome(state, action, 1));
          } else {
            for (int turn = -1; turn <= 1; turn++) {
              outcomes.add(outcome(state, Math.floorMod(action + turn, 4), 1.0 / 3));
            }
          }
          return outcomes;
        },
        initial,
        1);
  }

  private static Transition outcome(int state, int direction, double probability) {
    int row = Math.clamp(state / COLUMNS + DOWN[direction], 0, ROWS - 1);
    int column = Math.clamp(state % COLUMNS + RIGHT[direction], 0, COLUMNS - 1);
    int next = row * COLUMNS + column;
    return cliff(next)
        ? new Transition(probability, START, -100, false)
        : new Transition(probability, next, -1, next == GOAL);
  }

  private static boolean cliff(int state) {
    return state > START && state < GOAL;
  }

  /** x the agent, T the goal, C the cliff. */
  @Override
  public Optional<String> render() {
    StringBuilder text = new StringBuilder();
    for (int s = 0; s < ROWS * COLUMNS; s++) {
      text.append(s == state() ? 'x' : s == GOAL ? 'T' : cliff(s) ? 'C' : 'o')
          .append(s % COLUMNS == COLUMNS - 1 ? "\n" : "  ");
    }
    return Optional.of(text.toString());
  }
}
