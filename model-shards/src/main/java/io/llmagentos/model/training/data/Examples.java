package io.llmagentos.model.training.data;

/** Examples by index, out of mapped files. Thread-safe until closed. */
public interface Examples extends AutoCloseable {
  long size();

  Example get(long index);

  /** The input tokens of one. */
  default int length(long index) {
    return get(index).inputIds().length;
  }

  /** The same for the same tokens: whether ranks, or a run and its continuation, have the same data. */
  String hash();

  @Override
  void close();
}
