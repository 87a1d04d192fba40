package io.llmagentos.rl.env;

import java.util.Map;

/** The first observation of an episode. */
public record Reset<O>(O observation, Map<String, Object> info) {}
