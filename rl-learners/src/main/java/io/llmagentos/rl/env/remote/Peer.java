package io.llmagentos.rl.env.remote;

/** The process that holds the environments, and the way to it. Not thread-safe. */
interface Peer extends AutoCloseable {
  /** A new connection on which both sides have said hello. The deadline is one of {@link System#nanoTime}. */
  FrameChannel open(long deadline) throws PeerException;

  /** Ends the process if it is ours: nothing good is to be expected of it. */
  void discard();

  /** The last lines that the process wrote, if they can be known. */
  String output();

  /** Ends everything. A process of ours that was told to close has until the deadline to do so. */
  void close(long deadline);

  @Override
  default void close() {
    close(System.nanoTime());
  }
}
