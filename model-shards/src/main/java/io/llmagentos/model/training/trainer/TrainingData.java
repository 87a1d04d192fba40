package io.llmagentos.model.training.trainer;

import io.llmagentos.model.training.data.Collator;
import io.llmagentos.model.training.data.Examples;
import java.util.Optional;

/** What a model learns from and is evaluated on, and how examples become a batch. */
public record TrainingData(Examples train, Optional<Examples> validation, Collator collator)
    implements AutoCloseable {
  @Override
  public void close() {
    train.close();
    validation.ifPresent(Examples::close);
  }
}
