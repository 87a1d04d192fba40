package io.llmagentos.rl.env.remote;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The end of what a process writes; the rest is read and forgotten. Thread-safe. */
final class Tail {
  private static final int BYTES = 4096;
  private static final int LINES = 12;

  private final byte[] ring = new byte[BYTES];
  private final CountDownLatch ended = new CountDownLatch(1);
  private long written;

  /** Reads to the end, in a thread of its own. */
  void follow(InputStream stream) {
    Thread.ofPlatform().daemon().name("remote-environment-output").start(() -> {
      byte[] chunk = new byte[BYTES];
      try (stream) {
        for (int read = stream.read(chunk); read >= 0; read = stream.read(chunk)) {
          append(chunk, read);
        }
      } catch (IOException e) {
        // The process is gone.
      } finally {
        ended.countDown();
      }
    });
  }

  private synchronized void append(byte[] chunk, int length) {
    for (int i = 0; i < length; i++) {
      ring[(int) (written++ % BYTES)] = chunk[i];
    }
  }

  /** Waits a moment for the last words of a process that has ended. */
  void awaitEnd() {
    try {
      ended.await(1, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The last lines. */
  synchronized String lines() {
    int length = (int) Math.min(written, BYTES);
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = ring[(int) ((written - length + i) % BYTES)];
    }
    String[] lines = new String(bytes, StandardCharsets.UTF_8).strip().split("\\R");
    return String.join(
        "\n", Arrays.asList(lines).subList(Math.max(0, lines.length - LINES), lines.length));
  }
}
