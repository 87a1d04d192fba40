package io.llmagentos.node.cli;

import java.util.concurrent.CompletableFuture;

/** Ends a supervised process when the process that started it is gone, also after {@code kill -9}. */
final class ParentWatch {
  private ParentWatch() {}

  /** Run {@code then} once, on a thread of its own, when the process {@code parent} has ended or is gone already. */
  static void onGone(long parent, Runnable then) {
    var gone = ProcessHandle.of(parent)
        .map(ProcessHandle::onExit)
        .orElseGet(() -> CompletableFuture.completedFuture(null));
    var unused = gone.thenRun(() -> Thread.ofPlatform().name("parent-gone").start(then));
  }
}
