package io.llmagentos.rl.env.toytext;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.rl.random.Generator;
import io.llmagentos.rl.tabular.Mdp;
import io.llmagentos.rl.tabular.Transition;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Cross a lake from S to G over frozen tiles F; holes H and the goal end the episode. Actions: left, down, right, up (0..3). The state is {@code row *
 * columns + column}. On slippery ice the move succeeds with {@code successRate} and otherwise goes to either side.
 */
public final class FrozenLake extends TabularEnv {
  /** Rewards of reaching the goal, a hole, anything else. */
  public record RewardSchedule(double goal, double hole, double frozen) {}

  private static final int ACTIONS = 4;
  private static final List<String> NAMES = List.of("Left", "Down", "Right", "Up");

  private final List<String> desc;

  public FrozenLake(
      List<String> desc, boolean slippery, double successRate, RewardSchedule rewards) {
    super(model(valid(desc), slippery, successRate, rewards));
    this.desc = List.copyOf(desc);
  }

  /** A square map with a way from S to G, as Gymnasium's {@code generate_random_map}: {@code frozen} is the probability of a frozen tile. */
  public static List<String> randomMap(int size, double frozen, long seed) {
    Generator random = Generator.of(seed);
    double p = Math.min(1, frozen);
    double[] probabilities = {p, 1 - p};
    while (true) {
      char[][] board = new char[size][size];
      for (char[] row : board) {
        for (int column = 0; column < size; column++) {
          row[column] = random.choice(probabilities) == 0 ? 'F' : 'H';
        }
      }
      board[0][0] = 'S';
      board[size - 1][size - 1] = 'G';
      if (connected(board)) {
        List<String> map = new ArrayList<>();
        for (char[] row : board) {
          map.add(new String(row));
        }
        return map;
      }
    }
  }

  private static boolean connected(char[][] board) {
    int size = board.length;
    boolean[] seen = new boolean[size * size];
    Deque<Integer> frontier = new ArrayDeque<>(List.of(0));
    while (!frontier.isEmpty()) {
      int tile = frontier.pop();
      if (board[tile / size][tile % size] == 'G') {
        return true;
      }
      for (int action = 0; action < ACTIONS; action++) {
        int next = move(tile, action, size, size);
        if (!seen[next] && board[next / size][next % size] != 'H') {
          seen[next] = true;
          frontier.push(next);
        }
      }
    }
    return false;
  }

  private static List<String> valid(List<String> desc) {
    boolean start = false;
    for (String row : desc) {
      start |= row.indexOf('S') >= 0;
      if (row.isEmpty() || row.length() != desc.getFirst().length() || !row.matches("[SFHG]*")) {
        throw invalid(desc);
      }
    }
    if (!start) {
      throw invalid(desc);
    }
    return desc;
  }

  private static AgentOsException invalid(List<String> desc) {
    return new AgentOsException(
        ErrorCode.INVALID_REQUEST,
        "FrozenLake: the map " + desc + " must have rows of one length, of S, F, H, G, with an S",
        "desc");
  }

  private static Mdp model(
      List<String> desc, boolean slippery, double successRate, RewardSchedule rewards) {
    if (!(successRate >= 0 && successRate <= 1)) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          "FrozenLake: success_rate is " + successRate + ", must be in [0, 1]",
          "success_rate");
    }
    int rows = desc.size();
    int columns = desc.getFirst().length();
    double failRate = (1.0 - successRate) / 2.0;
    String tiles = String.join("", desc);
    double starts = tiles.chars().filter(tile -> tile == 'S').count();
    double[] initial = new double[tiles.length()];
    for (int s = 0; s < initial.length; s++) {
      initial[s] = tiles.charAt(s) == 'S' ? 1 / starts : 0;
    }
    return Mdp.of(
        tiles.length(),
        ACTIONS,
        (state, action) -> {
          if (ends(tiles.charAt(state))) {
            return List.of(new Transition(1, state, 0, true));
          }
          List<Transition> outcomes = new ArrayList<>();
          for (int turn = slippery ? -1 : 0; turn <= (slippery ? 1 : 0); turn++) {
            int next = move(state, Math.floorMod(action + turn, ACTIONS), rows, columns);
            double probability = !slippery ? 1 : turn == 0 ? successRate : failRate;
            char tile = tiles.charAt(next);
            double reward =
                tile == 'G' ? rewards.goal() : tile == 'H' ? rewards.hole() : rewards.frozen();
            outcomes.add(new Transition(probability, next, reward, ends(tile)));
          }
          return outcomes;
        },
        initial,
        1);
  }

  private static boolean ends(char tile) {
    return tile == 'G' || tile == 'H';
  }

  private static int move(int state, int action, int rows, int columns) {
    int row = state / columns;
    int column = state % columns;
    return switch (action) {
      case 0 -> row * columns + Math.max(column - 1, 0);
      case 1 -> Math.min(row + 1, rows - 1) * columns + column;
      case 2 -> row * columns + Math.min(column + 1, columns - 1);
      default -> Math.max(row - 1, 0) * columns + column;
    };
  }

  /** The map; the tile where the agent stands is in brackets. */
  @Override
  public Optional<String> render() {
    StringBuilder text = new StringBuilder();
    if (lastAction() >= 0) {
      text.append(String.format(Locale.ROOT, "  (%s)", NAMES.get(lastAction())));
    }
    int columns = desc.getFirst().length();
    for (int row = 0; row < desc.size(); row++) {
      text.append('\n');
      for (int column = 0; column < columns; column++) {
        char tile = desc.get(row).charAt(column);
        text.append(state() == row * columns + column ? "[" + tile + "]" : " " + tile + " ");
      }
    }
    return Optional.of(text.append('\n').toString());
  }
}
