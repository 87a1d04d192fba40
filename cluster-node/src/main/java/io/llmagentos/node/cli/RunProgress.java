package io.llmagentos.node.cli;

import java.io.Console;
import java.time.Duration;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** How far a run is: a bar with rate and time left in a terminal, a line now and then elsewhere. */
sealed interface RunProgress extends AutoCloseable {
  /**
   * @param fraction 0 to 1 of the way to where the run stops at the latest; negative: unknown
   * @param text iteration, rate and value of interest
   */
  void at(double fraction, String text);

  /** What happens beside progress: queued, lost, placed anew. */
  void say(String line);

  @Override
  void close();

  @SuppressWarnings("SystemConsoleNull")
  static RunProgress of(String task) {
    Console console = System.console();
    return console != null && console.isTerminal() ? new Bar(task) : new Lines(task);
  }

  /** For a terminal. */
  final class Bar implements RunProgress {
    private static final int STEPS = 1000;

    private final ProgressBar bar;

    private Bar(String task) {
      this.bar = new ProgressBarBuilder()
          .setTaskName(task)
          .setInitialMax(STEPS)
          .setStyle(ProgressBarStyle.ASCII)
          .setUnit(" \u2030", 1)
          .hideEta()
          .build();
    }

    @Override
    public void at(double fraction, String text) {
      bar.stepTo(Math.max(0, Math.round(fraction * STEPS)));
      bar.setExtraMessage(text);
    }

    /** Beside the bar: lines of their own would be drawn over. */
    @Override
    public void say(String line) {
      bar.setExtraMessage(line);
    }

    @Override
    public void close() {
      bar.close();
    }
  }

  /** For a pipe: at most a line a second. */
  final class Lines implements RunProgress {
    private static final Duration PAUSE = Duration.ofSeconds(1);

    private final String task;
    private long last;
    private String unsaid = "";

    private Lines(String task) {
      this.task = task;
    }

    @Override
    public void at(double fraction, String text) {
      String done = fraction < 0 ? "" : String.format(Locale.ROOT, "%3.0f %%, ", 100 * fraction);
      unsaid = task + ": " + done + text;
      if (last == 0 || System.nanoTime() - last > PAUSE.toNanos()) {
        last = System.nanoTime();
        flush();
      }
    }

    private void flush() {
      if (!unsaid.isEmpty()) {
        System.out.println(unsaid);
        unsaid = "";
      }
    }

    @Override
    public void say(String line) {
      flush();
      System.out.println(task + ": " + line);
    }

    @Override
    public void close() {
      flush();
    }
  }
}
