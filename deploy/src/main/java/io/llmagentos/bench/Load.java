package io.llmagentos.bench;

import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;

/** A closed loop: so many workers, each asking again as soon as it is answered. */
final class Load {
  private Load() {}

  /**
   * What a loop did.
   *
   * @param millis of each answer, sorted
   */
  record Result(long answers, double seconds, double[] millis) {
    double perSecond() {
      return answers / seconds;
    }

    double percentile(double share) {
      return millis.length == 0
          ? Double.NaN
          : millis[(int) Math.min(millis.length - 1, Math.floor(share * millis.length))];
    }
  }

  static Result run(int workers, Duration time, IntFunction<CompletionStage<?>> ask)
      throws InterruptedException {
    AtomicLong answers = new AtomicLong();
    ConcurrentLinkedQueue<Double> millis = new ConcurrentLinkedQueue<>();
    CountDownLatch stopped = new CountDownLatch(workers);
    long started = System.nanoTime();
    long end = started + time.toNanos();
    for (int worker = 0; worker < workers; worker++) {
      again(worker, end, ask, answers, millis, stopped);
    }
    stopped.await();
    double seconds = (System.nanoTime() - started) / 1e9;
    return new Result(
        answers.get(),
        seconds,
        Arrays.stream(millis.toArray(Double[]::new))
            .mapToDouble(Double::doubleValue)
            .sorted()
            .toArray());
  }

  private static void again(
      int worker,
      long end,
      IntFunction<CompletionStage<?>> ask,
      AtomicLong answers,
      ConcurrentLinkedQueue<Double> millis,
      CountDownLatch stopped) {
    long asked = System.nanoTime();
    if (asked >= end) {
      stopped.countDown();
      return;
    }
    ask.apply(worker).whenCompleteAsync((answer, failure) -> {
      if (failure != null) {
        System.err.println("an answer failed: " + failure);
      } else {
        answers.incrementAndGet();
        millis.add((System.nanoTime() - asked) / 1e6);
      }
      again(worker, end, ask, answers, millis, stopped);
    });
  }
}
