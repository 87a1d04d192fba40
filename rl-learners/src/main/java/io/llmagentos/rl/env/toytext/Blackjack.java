package io.llmagentos.rl.env.toytext;

import io.llmagentos.rl.env.ArrayEnv;
import io.llmagentos.rl.env.Outcome;
import io.llmagentos.rl.env.Snapshot;
import io.llmagentos.rl.random.Generator;
import io.llmagentos.rl.space.Discrete;
import io.llmagentos.rl.space.Space;
import io.llmagentos.rl.space.Tuple;
import io.llmagentos.rl.tabular.Mdp;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Blackjack against a dealer who draws to 17, from an endless deck. Actions: stick (0), hit (1). Observation: the player's sum, the dealer's open card (1 is
 * an ace), whether the player holds an ace that counts 11. Reward 1, 0 or -1 at the end; with {@code natural} a won first hand of ace and ten pays 1.5;
 * with {@code sab} (which sets natural aside) it wins unless the dealer has one too. Sutton and Barto, example 5.1.
 */
public final class Blackjack implements ArrayEnv<List<Object>, Integer> {
  /** An ace, 2 to 10, jack, queen, king. */
  static final int[] DECK = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10, 10};

  private static final Tuple OBSERVATIONS =
      new Tuple(new Discrete(32), new Discrete(11), new Discrete(2));

  private final boolean natural;
  private final boolean sab;
  private final Space<Integer> actions = new Discrete(2);
  private final List<Integer> player = new ArrayList<>();
  private final List<Integer> dealer = new ArrayList<>();
  private @Nullable Generator random;

  public Blackjack(boolean natural, boolean sab) {
    this.natural = natural;
    this.sab = sab;
  }

  /** The exact model as {@link BlackjackModel} numbers its states, with gamma 1. */
  public Mdp mdp() {
    return BlackjackModel.of(natural, sab);
  }

  @Override
  public Space<List<Object>> observationSpace() {
    return OBSERVATIONS;
  }

  @Override
  public Space<Integer> actionSpace() {
    return actions;
  }

  @Override
  public Map<String, Object> reset(long seed, float[] observation, int offset) {
    random = Generator.of(seed);
    return reset(observation, offset);
  }

  @Override
  public Map<String, Object> reset(float[] observation, int offset) {
    deal(dealer);
    deal(player);
    random().integers(4); // the suit of the open card, which Gymnasium draws for its picture
    if (dealer.getFirst() == 10) {
      random().integers(3); // jack, queen or king
    }
    observe(observation, offset);
    return Map.of();
  }

  private void deal(List<Integer> hand) {
    hand.clear();
    hand.add(card());
    hand.add(card());
  }

  @Override
  public void step(
      float[] action,
      int actionOffset,
      float[] observation,
      int observationOffset,
      Outcome outcome) {
    if (action[actionOffset] == 1) {
      player.add(card());
      boolean bust = sum(player) > 21;
      outcome.set(bust ? -1 : 0, bust, false);
    } else {
      while (sum(dealer) < 17) {
        dealer.add(card());
      }
      outcome.set(
          reward(score(player), isNatural(player), score(dealer), isNatural(dealer), natural, sab),
          true,
          false);
    }
    observe(observation, observationOffset);
  }

  /** What sticking pays once the dealer is done. */
  static double reward(
      int player,
      boolean playerNatural,
      int dealer,
      boolean dealerNatural,
      boolean natural,
      boolean sab) {
    if (sab && playerNatural && !dealerNatural) {
      return 1;
    }
    int compared = Integer.compare(player, dealer);
    return !sab && natural && playerNatural && compared == 1 ? 1.5 : compared;
  }

  private void observe(float[] observation, int offset) {
    List<Object> value = List.of(sum(player), dealer.getFirst(), usableAce(player) ? 1 : 0);
    OBSERVATIONS.flatten(value, observation, offset);
  }

  private static int hard(List<Integer> hand) {
    int sum = 0;
    for (int card : hand) {
      sum += card;
    }
    return sum;
  }

  private static boolean usableAce(List<Integer> hand) {
    return hand.contains(1) && hard(hand) + 10 <= 21;
  }

  private static int sum(List<Integer> hand) {
    return hard(hand) + (usableAce(hand) ? 10 : 0);
  }

  private static int score(List<Integer> hand) {
    return sum(hand) > 21 ? 0 : sum(hand);
  }

  private static boolean isNatural(List<Integer> hand) {
    return hand.size() == 2 && hand.contains(1) && hand.contains(10);
  }

  private int card() {
    return DECK[(int) random().integers(DECK.length)];
  }

  List<Integer> player() {
    return List.copyOf(player);
  }

  List<Integer> dealer() {
    return List.copyOf(dealer);
  }

  private Generator random() {
    Generator present = random;
    if (present == null) {
      present = Generator.ofEntropy();
      random = present;
    }
    return present;
  }

  @Override
  public Optional<byte[]> snapshot() {
    return Optional.of(Snapshot.of(out -> {
      random().write(out);
      for (List<Integer> hand : List.of(player, dealer)) {
        out.writeInt(hand.size());
        for (int card : hand) {
          out.writeInt(card);
        }
      }
    }));
  }

  @Override
  public void restore(byte[] snapshot) {
    Snapshot.read(snapshot, in -> {
      random().read(in);
      for (List<Integer> hand : List.of(player, dealer)) {
        hand.clear();
        int size = in.readInt();
        for (int i = 0; i < size; i++) {
          hand.add(in.readInt());
        }
      }
    });
  }

  @Override
  public Optional<String> render() {
    return Optional.of("dealer " + dealer.getFirst() + " ?, player " + player + "\n");
  }
}
