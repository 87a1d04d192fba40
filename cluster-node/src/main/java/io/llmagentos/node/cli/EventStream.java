package io.llmagentos.node.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Server-sent events, one after another. Closing it from another thread ends a waiting {@link #next}, and so does a silence longer than a live server keeps: a
 * node that freezes closes no connection.
 */
public final class EventStream implements AutoCloseable {
  /** One event; {@code id} is empty where the server gave none. */
  public record Event(String id, String name, String data) {}

  /** Not waiting for the server. */
  private static final long BUSY = -1;

  private final URI door;
  private final InputStream body;
  private final BufferedReader lines;
  private final AtomicLong waitingSince = new AtomicLong(BUSY);
  private final Thread watch;

  /** @param silence a server that says nothing for this long, not even a comment, is gone */
  EventStream(URI door, InputStream body, Duration silence) {
    this.door = door;
    this.body = body;
    this.lines = new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8));
    this.watch = Thread.startVirtualThread(() -> closeAfter(silence));
  }

  private void closeAfter(Duration silence) {
    try {
      long left = silence.toNanos();
      while (left > 0) {
        TimeUnit.NANOSECONDS.sleep(left);
        long since = waitingSince.get();
        left = silence.toNanos() - (since == BUSY ? 0 : System.nanoTime() - since);
      }
      body.close();
    } catch (InterruptedException closed) {
      // nothing is left to watch
    } catch (IOException broken) {
      // the reader finds out
    }
  }

  private @Nullable String line() throws IOException {
    waitingSince.set(System.nanoTime());
    try {
      return lines.readLine();
    } finally {
      waitingSince.set(BUSY);
    }
  }

  /** The door it comes from. */
  public URI door() {
    return door;
  }

  /**
   * Wait for the next event.
   *
   * @return null at the end of the stream
   * @throws IOException when the connection broke, or nothing came over it for too long
   */
  public @Nullable Event next() throws IOException {
    var data = new StringBuilder();
    String id = "";
    String name = "message";
    for (String line = line(); line != null; line = line()) {
      if (line.isEmpty()) {
        if (!data.isEmpty()) {
          return new Event(id, name, data.substring(0, data.length() - 1));
        }
        id = "";
        name = "message";
        continue;
      }
      int colon = line.indexOf(':');
      String field = colon < 0 ? line : line.substring(0, colon);
      String value = colon < 0 ? "" : line.substring(colon + 1).replaceFirst("^ ", "");
      switch (field) {
        case "id" -> id = value;
        case "event" -> name = value;
        case "data" -> data.append(value).append('\n');
        default -> {
          // a comment that keeps the connection open, or a field that we do not use
        }
      }
    }
    return null;
  }

  @Override
  public void close() throws IOException {
    watch.interrupt();
    body.close();
  }
}
