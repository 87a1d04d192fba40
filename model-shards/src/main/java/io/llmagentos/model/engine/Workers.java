package io.llmagentos.model.engine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The caller's thread and threads - 1 others, which take a task's items from a common counter. Which thread computes an item changes nothing in its
 * result. A worker without work spins for some microseconds, since the next task of the same step is near, then parks.
 */
final class Workers implements AutoCloseable {
  private static final int SPINS = 2000;

  interface Task {
    void run(int item, Scratch scratch);
  }

  /** Memory of one thread, grown on demand and kept. */
  static final class Scratch {
    private final Arena arena;
    private MemorySegment panel = MemorySegment.NULL;
    /** Keeps reads from being optimised away. */
    int touched;

    private float[] query = new float[0];
    private float[] sum = new float[0];
    private float[] scores = new float[0];

    Scratch(Arena arena) {
      this.arena = arena;
    }

    MemorySegment panel(int steps) {
      if (panel.byteSize() < steps * PanelKernels.F32_STEP) {
        panel = arena.allocate(steps * PanelKernels.F32_STEP, 64);
      }
      return panel;
    }

    /** A query row; as long as asked for or longer, like the others. */
    float[] query(int length) {
      query = atLeast(query, length);
      return query;
    }

    float[] sum(int length) {
      sum = atLeast(sum, length);
      return sum;
    }

    float[] scores(int length) {
      scores = atLeast(scores, length);
      return scores;
    }

    private static float[] atLeast(float[] floats, int length) {
      return floats.length >= length ? floats : new float[Math.max(length, 2 * floats.length)];
    }
  }

  private static final class Job {
    private final Task task;
    private final int items;
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger done = new AtomicInteger();
    private volatile @Nullable Throwable failure;

    Job(Task task, int items) {
      this.task = task;
      this.items = items;
    }

    void work(Scratch scratch) {
      for (int item = next.getAndIncrement(); item < items; item = next.getAndIncrement()) {
        try {
          task.run(item, scratch);
        } catch (RuntimeException | Error e) {
          failure = e;
        } finally {
          done.incrementAndGet();
        }
      }
    }
  }

  private final Scratch own;
  private final List<Worker> workers = new ArrayList<>();
  private volatile Job job = new Job((item, scratch) -> {}, 0);
  private volatile boolean closed;

  /** @param arena gives the threads their scratch memory */
  Workers(int threads, Arena arena) {
    own = new Scratch(arena);
    for (int i = 1; i < threads; i++) {
      Worker worker = new Worker("engine-worker-" + i, new Scratch(arena));
      workers.add(worker);
      worker.setDaemon(true);
      worker.start();
    }
  }

  /** Run {@code task} for every item in 0..items; returns when all are done. One caller at a time. */
  @SuppressWarnings("ThreadPriorityCheck") // gives the core to a worker that was taken off it
  void run(int items, Task task) {
    if (items == 1 || workers.isEmpty()) {
      for (int item = 0; item < items; item++) {
        task.run(item, own);
      }
      return;
    }
    Job next = new Job(task, items);
    job = next;
    for (Worker worker : workers) {
      if (worker.parked) {
        LockSupport.unpark(worker);
      }
    }
    next.work(own);
    for (int spins = 0; next.done.get() < items; spins++) {
      if (spins < SPINS) {
        Thread.onSpinWait();
      } else {
        Thread.yield();
      }
    }
    Throwable failure = next.failure;
    if (failure != null) {
      throw new IllegalStateException("a compute task failed", failure);
    }
  }

  @Override
  public void close() {
    closed = true;
    for (Worker worker : workers) {
      LockSupport.unpark(worker);
    }
    boolean interrupted = false;
    for (Worker worker : workers) {
      while (worker.isAlive()) {
        try {
          worker.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private final class Worker extends Thread {
    private final Scratch scratch;
    private volatile boolean parked;

    Worker(String name, Scratch scratch) {
      super(name);
      this.scratch = scratch;
    }

    @Override
    public void run() {
      Job last = job;
      while (!closed) {
        Job current = awaitOther(last);
        current.work(scratch);
        last = current;
      }
    }

    @SuppressWarnings("ReferenceEquality") // a job is new when it is another object
    private Job awaitOther(Job last) {
      for (int spins = 0; spins < SPINS && job == last; spins++) {
        Thread.onSpinWait();
      }
      while (job == last && !closed) {
        parked = true;
        if (job == last && !closed) {
          LockSupport.park(this);
        }
        parked = false;
      }
      return job;
    }
  }
}
