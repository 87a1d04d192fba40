package io.llmagentos.agent.budget;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigUtil;
import io.llmagentos.node.settings.Settings;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The most that may be spent.
 *
 * @param most by quantity; what is not named is not limited
 */
public record Limits(Map<Quantity, Long> most) {
  public static final Limits NONE = new Limits(Map.of());

  public Limits {
    most = Map.copyOf(most);
  }

  /**
   * Read {@code steps, tokens, cost, tool_calls, wall_time}.
   *
   * @param where the key of the section, for messages
   * @param separator between the words of a key: {@code _} in definitions, {@code -} in settings
   * @param besides keys of the section that are no limits
   * @throws IllegalArgumentException naming the key at fault, with the nearest known one
   */
  public static Limits read(Config section, String where, char separator, List<String> besides) {
    Map<String, Quantity> known = new TreeMap<>();
    for (Quantity quantity : Quantity.values()) {
      known.put(quantity.id().replace('_', separator), quantity);
    }
    Map<Quantity, Long> most = new EnumMap<>(Quantity.class);
    for (String key : section.root().keySet()) {
      Quantity quantity = known.get(key);
      if (quantity != null) {
        most.put(quantity, amount(section, ConfigUtil.joinPath(key), where + "." + key, quantity));
      } else if (!besides.contains(key)) {
        List<String> keys =
            Stream.concat(known.keySet().stream(), besides.stream()).toList();
        throw new IllegalArgumentException("unknown key " + where + "." + key + "; did you mean "
            + where + "." + Settings.nearest(key, keys).orElseThrow() + "?");
      }
    }
    return new Limits(most);
  }

  private static long amount(Config section, String path, String where, Quantity quantity) {
    String wanted = quantity == Quantity.WALL_TIME
        ? "a duration such as 30s"
        : quantity == Quantity.COST ? "a number such as 0.05" : "a whole number";
    try {
      long amount = switch (quantity) {
        case WALL_TIME -> section.getDuration(path).toMillis();
        case COST -> Quantity.billionths(new BigDecimal(section.getString(path)));
        case STEPS, TOKENS, TOOL_CALLS -> new BigDecimal(section.getString(path)).longValueExact();
      };
      if (amount >= 0) {
        return amount;
      }
    } catch (ConfigException | ArithmeticException | NumberFormatException wrong) {
      // the same as one below zero
    }
    throw new IllegalArgumentException(where + " must be " + wanted + ", not below 0, is "
        + section.getValue(path).render());
  }

  public boolean isEmpty() {
    return most.isEmpty();
  }

  /** How much may still be spent; empty: any amount. */
  public OptionalLong left(Quantity quantity, Usage used) {
    Long limit = most.get(quantity);
    return limit == null
        ? OptionalLong.empty()
        : OptionalLong.of(Math.max(0, limit - used.of(quantity)));
  }

  /** The first of the quantities that are needed of which there is not enough left. */
  public Optional<Quantity> exceeded(Usage used, Usage needed) {
    return Arrays.stream(Quantity.values())
        .filter(quantity -> needed.of(quantity) > 0)
        .filter(quantity -> needed.of(quantity) > left(quantity, used).orElse(Long.MAX_VALUE))
        .findFirst();
  }
}
