package io.llmagentos.model.training.trainer;

import io.llmagentos.model.training.data.Collator;
import io.llmagentos.model.training.data.Examples;
import java.util.List;
import java.util.Optional;

/** What a model learns from and is evaluated on, how examples become a batch for each, and what an evaluation measures. */
public record TrainingData(
    Examples train,
    Optional<Examples> validation,
    Collator collator,
    Collator evaluationCollator,
    List<Metric> metrics)
    implements AutoCloseable {
  public TrainingData {
    metrics = List.copyOf(metrics);
  }

  @Override
  public void close() {
    train.close();
    validation.ifPresent(Examples::close);
  }
}
