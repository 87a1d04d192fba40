package io.llmagentos.model.serving;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/** What a replica does, counted: {@code llmagentos.model.*}, by model. Thread-safe. */
final class ReplicaMetrics {
  private final Counter promptTokens;
  private final Counter newTokens;
  private final DistributionSummary batch;
  private final Timer firstToken;

  ReplicaMetrics(MeterRegistry registry, String model, AtomicInteger waiting) {
    Tags tags = Tags.of("model", model);
    // The latest weights' line is the model's: a gauge that is there would go on showing the line
    // before.
    registry.find("llmagentos.model.queue").tags(tags).gauges().forEach(registry::remove);
    Gauge.builder("llmagentos.model.queue", waiting, AtomicInteger::get)
        .description("requests that wait")
        .tags(tags)
        .register(registry);
    promptTokens = registry.counter("llmagentos.model.tokens", tags.and("kind", "prompt"));
    newTokens = registry.counter("llmagentos.model.tokens", tags.and("kind", "generated"));
    batch = registry.summary("llmagentos.model.batch", tags);
    firstToken = registry.timer("llmagentos.model.first.token", tags);
  }

  void stepped(int sequences) {
    batch.record(sequences);
  }

  void prefilled(int tokens) {
    promptTokens.increment(tokens);
  }

  void generated() {
    newTokens.increment();
  }

  void firstToken(Duration sinceAsked) {
    firstToken.record(sinceAsked);
  }
}
