package io.llmagentos.agent.budget;

/**
 * What was spent.
 *
 * @param steps requests to the model whose replies are recorded
 * @param cost in billionths
 * @param toolCalls each counted once, however often it was made under its key
 * @param millis in which turns were worked on
 */
public record Usage(
    long steps, long promptTokens, long completionTokens, long cost, long toolCalls, long millis) {
  public static final Usage NONE = new Usage(0, 0, 0, 0, 0, 0);

  public Usage plus(Usage more) {
    return new Usage(
        steps + more.steps,
        promptTokens + more.promptTokens,
        completionTokens + more.completionTokens,
        cost + more.cost,
        toolCalls + more.toolCalls,
        millis + more.millis);
  }

  public Usage minus(Usage less) {
    return new Usage(
        steps - less.steps,
        promptTokens - less.promptTokens,
        completionTokens - less.completionTokens,
        cost - less.cost,
        toolCalls - less.toolCalls,
        millis - less.millis);
  }

  public long of(Quantity quantity) {
    return switch (quantity) {
      case STEPS -> steps;
      case TOKENS -> promptTokens + completionTokens;
      case COST -> cost;
      case TOOL_CALLS -> toolCalls;
      case WALL_TIME -> millis;
    };
  }
}
