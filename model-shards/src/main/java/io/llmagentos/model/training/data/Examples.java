package io.llmagentos.model.training.data;

/** Examples by index, out of mapped files. Thread-safe until closed. */
public interface Examples extends AutoCloseable {
  long size();

  Example get(long index);

  @Override
  void close();
}
