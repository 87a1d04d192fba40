package io.llmagentos.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongPredicate;
import java.util.function.Predicate;
import org.awaitility.Awaitility;

/** A {@link JournalProgram} that runs, told what to do and heard by lines. */
final class JournalProcess implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(90);
  private static final Duration POLL = Duration.ofMillis(50);

  private final Process process;
  private final Writer commands;
  private final Path out;
  private final Path err;
  private int questions;

  private JournalProcess(Process process, Path out, Path err) {
    this.process = process;
    this.commands = process.outputWriter(StandardCharsets.UTF_8);
    this.out = out;
    this.err = err;
  }

  static JournalProcess start(Path home, String url, String user, String password, String mode)
      throws IOException {
    var out = Files.createTempFile(home, mode, ".out");
    var err = Files.createTempFile(home, mode, ".err");
    var process = new ProcessBuilder(
            Distribution.program(JournalProgram.class, url, user, password, mode))
        .redirectOutput(out.toFile())
        .redirectError(err.toFile())
        .start();
    return new JournalProcess(process, out, err);
  }

  /** Wait for its end by itself, which must be a good one. */
  void awaitEnd() throws IOException, InterruptedException {
    assertThat(process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).as(said()).isTrue();
    assertThat(process.exitValue()).as(said()).isZero();
  }

  String await(Predicate<String> line) {
    Awaitility.await("a line of " + out).atMost(LIMIT).pollInterval(POLL).until(() -> {
      assertThat(process.isAlive()).as(said()).isTrue();
      return lines().stream().anyMatch(line);
    });
    return lines().stream().filter(line).findFirst().orElseThrow();
  }

  /** Wait for a line of this beginning and a number that is at least {@code least}; returns the number. */
  int awaitNumber(String beginning, int least) {
    return number(await(line -> number(line, beginning) >= least), beginning);
  }

  /** The highest number after this beginning. */
  int highest(String beginning) {
    return lines().stream().mapToInt(line -> number(line, beginning)).max().orElse(-1);
  }

  void count(String counter, int times) throws IOException {
    command("count " + counter + " " + times);
  }

  /** The one number that a query answers, asked inside the process: an embedded database admits nobody else. */
  long ask(String sql) {
    int question = ++questions;
    try {
      command("sql " + question + " " + sql);
    } catch (IOException gone) {
      throw new AssertionError(said(), gone);
    }
    var beginning = "answer " + question + " ";
    return Long.parseLong(await(line -> line.startsWith(beginning)).substring(beginning.length()));
  }

  void awaitAnswer(String sql, LongPredicate expected) {
    Awaitility.await(sql).atMost(LIMIT).pollInterval(POLL).until(() -> expected.test(ask(sql)));
  }

  /** Whole lines only: a kill may cut the last one. */
  List<String> lines() {
    var text = read(out);
    return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
  }

  /** kill -9. */
  void kill() throws InterruptedException {
    assertThat(process.destroyForcibly().waitFor(10, TimeUnit.SECONDS)).isTrue();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  private void command(String line) throws IOException {
    commands.write(line + "\n");
    commands.flush();
  }

  private String said() {
    return read(out) + read(err);
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException unreadable) {
      return unreadable.toString();
    }
  }

  /** The number after a line's beginning; -1 for another line. */
  private static int number(String line, String beginning) {
    return line.startsWith(beginning) ? Integer.parseInt(line.substring(beginning.length())) : -1;
  }
}
