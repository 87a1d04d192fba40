package io.llmagentos.node.cli;

import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.channels.DatagramChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.jline.utils.Signals;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The machine's Aeron media driver as a process of its own, for the transport {@code aeron-udp}: one for all nodes. */
@Command(
    name = "media-driver",
    hidden = true,
    description = "Run the media driver of aeron-udp (started by 'up').")
final class MediaDriverCommand implements Callable<Integer> {
  private static final int BUFFER = 4 << 20;

  @Option(names = "--dir", required = true)
  private @Nullable Path directory;

  @Option(names = "--supervised", paramLabel = "PID")
  private @Nullable Long parent;

  @Override
  public Integer call() throws Exception {
    if (parent != null) {
      Signals.register("INT", () -> {});
      ParentWatch.onGone(parent, () -> System.exit(0));
    }
    try (var driver = MediaDriver.launch(context(Objects.requireNonNull(directory)))) {
      Runtime.getRuntime().addShutdownHook(new Thread(driver::close, "close-driver"));
      System.out.println("the media driver serves " + driver.aeronDirectoryName());
      new CountDownLatch(1).await();
    }
    return 0;
  }

  /** One thread that rests when idle: a driver that spins on cores of its own is for machines that have them. */
  static MediaDriver.Context context(Path directory) throws IOException {
    int buffer = socketBuffer();
    return new MediaDriver.Context()
        .aeronDirectoryName(directory.toString())
        .dirDeleteOnStart(true)
        .dirDeleteOnShutdown(true)
        .termBufferSparseFile(true)
        .threadingMode(ThreadingMode.SHARED)
        .sharedIdleStrategy(new BackoffIdleStrategy())
        .socketRcvbufLength(buffer)
        .socketSndbufLength(buffer)
        .initialWindowLength(buffer);
  }

  /** What the system grants of {@link #BUFFER}: the driver refuses a window that is larger than its socket's buffer. */
  private static int socketBuffer() throws IOException {
    try (var channel = DatagramChannel.open()) {
      channel.setOption(StandardSocketOptions.SO_RCVBUF, BUFFER);
      channel.setOption(StandardSocketOptions.SO_SNDBUF, BUFFER);
      return Math.min(
          channel.getOption(StandardSocketOptions.SO_RCVBUF),
          channel.getOption(StandardSocketOptions.SO_SNDBUF));
    }
  }

  /** In memory where the system has a file system for that. */
  static Path directory(Path data, int basePort) {
    var memory = Path.of("/dev/shm");
    return Files.isWritable(memory)
        ? memory.resolve("agentos-" + System.getProperty("user.name") + "-" + basePort)
        : data.resolve("aeron");
  }
}
