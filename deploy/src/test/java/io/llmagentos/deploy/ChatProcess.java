package io.llmagentos.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;

/** {@code agentos chat} in a process of its own, with lines in and answers out. */
final class ChatProcess {
  private static final Duration ANSWER = Duration.ofSeconds(90);
  private static final Pattern SESSION = Pattern.compile("session (\\S+) ");
  private static final Pattern DOOR = Pattern.compile("through (http://[0-9.:]+)");

  private final Process process;
  private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();
  private final List<String> asides = new CopyOnWriteArrayList<>();

  ChatProcess(Process process) {
    this.process = process;
    read(process.getInputStream(), answers::add);
    read(process.getErrorStream(), asides::add);
  }

  /** Say a line and wait for the line that answers it. */
  String say(String line) throws IOException, InterruptedException {
    var in = process.getOutputStream();
    in.write((line + "\n").getBytes(StandardCharsets.UTF_8));
    in.flush();
    var answer = answers.poll(ANSWER.toMillis(), TimeUnit.MILLISECONDS);
    assertThat(answer)
        .as("the answer to '" + line + "'; the chat said beside it " + asides)
        .isNotNull();
    return answer;
  }

  String session() {
    return Awaitility.await("the session's id")
        .atMost(ANSWER)
        .until(() -> find(SESSION), id -> !id.isEmpty());
  }

  /** The door that it went through last. */
  String door() {
    return Awaitility.await("the chat's door")
        .atMost(ANSWER)
        .until(() -> find(DOOR), door -> !door.isEmpty());
  }

  /** End its input; returns its exit status. */
  int leave() throws IOException, InterruptedException {
    process.getOutputStream().close();
    assertThat(process.waitFor(30, TimeUnit.SECONDS))
        .as("the chat ends with its input")
        .isTrue();
    return process.exitValue();
  }

  private String find(Pattern pattern) {
    String found = "";
    for (var line : asides) {
      var match = pattern.matcher(line);
      if (match.find()) {
        found = match.group(1);
      }
    }
    return found;
  }

  private static void read(InputStream stream, Consumer<String> to) {
    Thread.ofVirtual().start(() -> {
      try (var lines = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
        lines.lines().forEach(to);
      } catch (IOException | UncheckedIOException closed) {
        // the process has ended
      }
    });
  }
}
