package io.llmagentos.agent.budget;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigUtil;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.node.settings.Settings;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What models and tools cost; what has no price is free.
 *
 * @param models by the id that definitions name
 * @param tools in billionths, a call, by name
 */
public record Prices(Map<String, Price> models, Map<String, Long> tools) {
  public static final Prices NONE = new Prices(Map.of(), Map.of());

  private static final List<String> KEYS = List.of("input", "output");
  private static final Price FREE = new Price(0, 0);
  private static final int PER_MILLION_DIGITS = 6;

  /** Of one token, in billionths. */
  public record Price(long input, long output) {}

  public Prices {
    models = Map.copyOf(models);
    tools = Map.copyOf(tools);
  }

  /** Read {@code prices} and {@code tool-prices}. */
  static Prices create(Config section) {
    Map<String, Price> models = new TreeMap<>();
    Config prices = section.getConfig("prices");
    for (String model : prices.root().keySet()) {
      Config price = prices.getConfig(ConfigUtil.joinPath(model));
      String where = "prices." + model;
      for (String key : price.root().keySet()) {
        if (!KEYS.contains(key)) {
          throw new IllegalArgumentException("unknown key " + where + "." + key + "; did you mean "
              + where + "." + Settings.nearest(key, KEYS).orElseThrow() + "?");
        }
      }
      models.put(
          model,
          new Price(
              billionths(price, "input", where, PER_MILLION_DIGITS),
              billionths(price, "output", where, PER_MILLION_DIGITS)));
    }
    Map<String, Long> tools = new TreeMap<>();
    Config toolPrices = section.getConfig("tool-prices");
    for (String tool : toolPrices.root().keySet()) {
      tools.put(tool, billionths(toolPrices, tool, "tool-prices", 0));
    }
    return new Prices(models, tools);
  }

  private static long billionths(Config section, String key, String where, int digits) {
    String path = ConfigUtil.joinPath(key);
    if (!section.hasPath(path)) {
      return 0;
    }
    try {
      BigDecimal price = new BigDecimal(section.getString(path));
      if (price.signum() >= 0) {
        return Quantity.billionths(price.movePointLeft(digits));
      }
    } catch (ConfigException | ArithmeticException | NumberFormatException wrong) {
      // the same as one below zero
    }
    throw new IllegalArgumentException(where + "." + key
        + " must be a number, not below 0 and of at most " + (Quantity.COST_DIGITS - digits)
        + " decimal places, is " + section.getValue(path).render());
  }

  /** What a request to a model spends at least: the shortest one with the shortest answer. */
  public Usage least(String model) {
    Price price = models.getOrDefault(model, FREE);
    return new Usage(1, 0, 1, price.input() + price.output(), 0, 1);
  }

  /** Of one token of an answer. */
  public long ofToken(String model) {
    return models.getOrDefault(model, FREE).output();
  }

  public long of(String model, ChatReply.Usage tokens) {
    Price price = models.getOrDefault(model, FREE);
    return price.input() * tokens.promptTokens() + price.output() * tokens.completionTokens();
  }

  public long ofCall(String tool) {
    return tools.getOrDefault(tool, 0L);
  }
}
