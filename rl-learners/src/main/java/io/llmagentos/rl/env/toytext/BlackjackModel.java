package io.llmagentos.rl.env.toytext;

import io.llmagentos.rl.tabular.Mdp;
import io.llmagentos.rl.tabular.Transition;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Blackjack as an MDP. A state is {@code ((sum * 11 + open card) * 2 + usable ace) * 2 + natural}: what the player sees, and whether the hand is still the
 * ace and ten that it began with. The dealer's hidden card is integrated out.
 */
final class BlackjackModel {
  private static final double CARD = 1.0 / Blackjack.DECK.length;
  private static final int STATES = 32 * 11 * 2 * 2;

  private BlackjackModel() {}

  static Mdp of(boolean natural, boolean sab) {
    double[] initial = new double[STATES];
    for (int open : Blackjack.DECK) {
      for (int first : Blackjack.DECK) {
        for (int second : Blackjack.DECK) {
          boolean ace = first == 1 || second == 1;
          int sum = first + second + (ace ? 10 : 0);
          initial[state(sum, open, ace, sum == 21)] += CARD * CARD * CARD;
        }
      }
    }
    List<Map<Integer, Double>> dealers = new ArrayList<>();
    dealers.add(Map.of());
    for (int open = 1; open <= 10; open++) {
      Map<Integer, Double> ends = new TreeMap<>();
      dealer(open, open == 1, 1, 1, ends);
      dealers.add(ends);
    }
    return Mdp.of(
        STATES,
        2,
        (state, action) -> {
          int sum = state / 44;
          int open = state / 4 % 11;
          if (open == 0 || sum < 4 || sum > 21) {
            return List.of(new Transition(1, state, 0, true)); // no hand
          }
          return action == 1
              ? hit(sum, open, state / 2 % 2 == 1)
              : stick(state, sum, state % 2 == 1, dealers.get(open), natural, sab);
        },
        initial,
        1);
  }

  static int state(int sum, int open, boolean usableAce, boolean natural) {
    return ((sum * 11 + open) * 2 + (usableAce ? 1 : 0)) * 2 + (natural ? 1 : 0);
  }

  private static List<Transition> hit(int sum, int open, boolean usableAce) {
    List<Transition> outcomes = new ArrayList<>();
    for (int card : Blackjack.DECK) {
      int hard = sum - (usableAce ? 10 : 0) + card;
      boolean soft = (usableAce || card == 1) && hard + 10 <= 21;
      int next = hard + (soft ? 10 : 0);
      boolean bust = next > 21;
      outcomes.add(new Transition(CARD, state(next, open, soft, false), bust ? -1 : 0, bust));
    }
    return outcomes;
  }

  private static List<Transition> stick(
      int state,
      int sum,
      boolean playerNatural,
      Map<Integer, Double> dealer,
      boolean natural,
      boolean sab) {
    Map<Double, Double> rewards = new TreeMap<>();
    dealer.forEach((end, probability) -> rewards.merge(
        Blackjack.reward(sum, playerNatural, end / 2, end % 2 == 1, natural, sab),
        probability,
        Double::sum));
    return rewards.entrySet().stream()
        .map(entry -> new Transition(entry.getValue(), state, entry.getKey(), true))
        .toList();
  }

  /** Adds up how the dealer ends: twice the score (0 is bust), plus 1 for a natural. */
  private static void dealer(
      int hard, boolean ace, int cards, double probability, Map<Integer, Double> ends) {
    int sum = ace && hard + 10 <= 21 ? hard + 10 : hard;
    if (cards > 1 && sum >= 17) {
      boolean dealerNatural = cards == 2 && sum == 21;
      ends.merge((sum > 21 ? 0 : sum) * 2 + (dealerNatural ? 1 : 0), probability, Double::sum);
      return;
    }
    for (int card : Blackjack.DECK) {
      dealer(hard + card, ace || card == 1, cards + 1, probability * CARD, ends);
    }
  }
}
