package io.llmagentos.model.chat;

import java.util.List;

/**
 * How the next token is chosen, with OpenAI's names.
 *
 * @param temperature 0 is greedy; at most 2
 * @param topP 0 exclusive to 1
 * @param maxTokens new tokens at most; 0: as many as fit
 * @param seed same seed, same tokens; without one the platform draws one
 * @param stop texts before which the answer ends, at most 4
 */
public record Sampling(float temperature, float topP, int maxTokens, long seed, List<String> stop) {
  public static final Sampling GREEDY = new Sampling(0, 1, 0, 0, List.of());

  public Sampling {
    stop = List.copyOf(stop);
    if (!(temperature >= 0 && temperature <= 2)) {
      throw new IllegalArgumentException("temperature must be 0 to 2, is " + temperature);
    }
    if (!(topP > 0 && topP <= 1)) {
      throw new IllegalArgumentException("top_p must be above 0 and at most 1, is " + topP);
    }
    if (maxTokens < 0) {
      throw new IllegalArgumentException("max_tokens must be at least 0, is " + maxTokens);
    }
    if (stop.size() > 4) {
      throw new IllegalArgumentException("stop may have 4 texts, has " + stop.size());
    }
  }
}
