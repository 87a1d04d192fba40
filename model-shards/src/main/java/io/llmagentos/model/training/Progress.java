package io.llmagentos.model.training;

import java.io.Console;
import java.time.Duration;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;

/** How far a number of steps is: a bar in a terminal, a line now and then elsewhere. */
public sealed interface Progress extends AutoCloseable {

  /** A step is done; it took this many tokens. */
  void step(double loss, long tokens);

  @Override
  void close();

  @SuppressWarnings("SystemConsoleNull")
  static Progress of(String task, int steps) {
    Console console = System.console();
    boolean terminal = console != null && console.isTerminal();
    return terminal ? new Bar(task, steps) : new Lines(task, steps);
  }

  /** The loss smoothed over about fifty steps, and tokens a second. */
  final class Meter {
    private final long started = System.nanoTime();
    private long steps;
    private long tokens;
    private double loss;

    void step(double newLoss, long newTokens) {
      steps++;
      tokens += newTokens;
      loss += (newLoss - loss) / Math.min(steps, 50);
    }

    double seconds() {
      return (System.nanoTime() - started) / 1e9;
    }

    String text() {
      return String.format(Locale.ROOT, "loss %.3f, %,.0f tokens/s", loss, tokens / seconds());
    }
  }

  /** A bar with the time that is left. */
  final class Bar implements Progress {
    private final Meter meter = new Meter();
    private final ProgressBar bar;

    private Bar(String task, int steps) {
      bar = new ProgressBarBuilder().setTaskName(task).setInitialMax(steps).build();
    }

    @Override
    public void step(double loss, long tokens) {
      meter.step(loss, tokens);
      bar.setExtraMessage(meter.text());
      bar.step();
    }

    @Override
    public void close() {
      bar.close();
    }
  }

  /** A line at about every twentieth of the way. */
  final class Lines implements Progress {
    private final Meter meter = new Meter();
    private final String task;
    private final int steps;
    private int done;

    private Lines(String task, int steps) {
      this.task = task;
      this.steps = steps;
    }

    @Override
    public void step(double loss, long tokens) {
      meter.step(loss, tokens);
      done++;
      if (done % Math.max(1, steps / 20) == 0 || done == steps) {
        var left = Duration.ofSeconds((long) (meter.seconds() / done * (steps - done)));
        System.out.println(task + ": step " + done + "/" + steps + ", " + meter.text() + ", left "
            + left.toSeconds() + " s");
      }
    }

    @Override
    public void close() {
      System.out.flush();
    }
  }
}
