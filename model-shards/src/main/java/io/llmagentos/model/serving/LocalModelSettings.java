package io.llmagentos.model.serving;

import com.typesafe.config.Config;
import java.nio.file.Path;

/**
 * A model on this node's own processor. See {@code reference.conf}.
 *
 * @param threads that compute one step together
 * @param maxBatch sequences that advance together
 * @param queue requests that wait at most
 * @param cacheTokens that all sequences together have room for
 * @param kvBlockTokens the cache's page
 * @param prefillTokens of prompts that one step takes in at most, so that running answers go on
 */
public record LocalModelSettings(
    Path path,
    int threads,
    int maxBatch,
    int queue,
    int cacheTokens,
    int kvBlockTokens,
    int prefillTokens) {
  public LocalModelSettings {
    require("threads", threads);
    require("max-batch", maxBatch);
    require("queue", queue);
    require("cache-tokens", cacheTokens);
    require("kv-block-tokens", kvBlockTokens);
    require("prefill-tokens", prefillTokens);
  }

  private static void require(String key, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(key + " must be at least 1, is " + value);
    }
  }

  /** @param model the entry, above the defaults */
  public static LocalModelSettings create(Config model, Path path) {
    int threads = model.getInt("threads");
    return new LocalModelSettings(
        path,
        threads == 0 ? Math.max(1, Runtime.getRuntime().availableProcessors() / 2) : threads,
        model.getInt("max-batch"),
        model.getInt("queue"),
        model.getInt("cache-tokens"),
        model.getInt("kv-block-tokens"),
        model.getInt("prefill-tokens"));
  }
}
