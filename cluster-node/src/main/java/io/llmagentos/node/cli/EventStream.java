package io.llmagentos.node.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Server-sent events, one after another. Closing it from another thread ends a waiting {@link #next}. */
public final class EventStream implements AutoCloseable {
  /** One event; {@code id} is empty where the server gave none. */
  public record Event(String id, String name, String data) {}

  private final URI door;
  private final InputStream body;
  private final BufferedReader lines;

  EventStream(URI door, InputStream body) {
    this.door = door;
    this.body = body;
    this.lines = new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8));
  }

  /** The door it comes from. */
  public URI door() {
    return door;
  }

  /**
   * Wait for the next event.
   *
   * @return null at the end of the stream
   * @throws IOException when the connection broke
   */
  public @Nullable Event next() throws IOException {
    var data = new StringBuilder();
    String id = "";
    String name = "message";
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
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
    body.close();
  }
}
