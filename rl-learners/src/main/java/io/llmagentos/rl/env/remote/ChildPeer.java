package io.llmagentos.rl.env.remote;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A process of ours. It is started with {@code --connect unix:PATH} behind its command and connects to that socket, in a directory of its own. */
final class ChildPeer implements Peer {
  private final List<String> command;
  private final Path directory;
  private final Address address;
  private final ConnectingPeer door;
  private Tail tail = new Tail();
  private @Nullable Process process;

  ChildPeer(List<String> command) throws IOException {
    this.command = List.copyOf(command);
    this.directory = Files.createTempDirectory("llmagentos-env");
    this.address = new Address.Unix(directory.resolve("s"));
    this.door = new ConnectingPeer(address, new Greeting(""));
  }

  @Override
  public FrameChannel open(long deadline) throws PeerException {
    discard();
    List<String> all = new ArrayList<>(command);
    all.add("--connect");
    all.add(address.toString());
    try {
      Process started = new ProcessBuilder(all).redirectErrorStream(true).start();
      process = started;
      started.getOutputStream().close();
      tail = new Tail();
      tail.follow(started.getInputStream());
      var unused = started.onExit().thenRun(door::wake);
      return door.open(deadline, started::isAlive);
    } catch (IOException e) {
      throw PeerException.lost("it does not start: " + e.getMessage());
    }
  }

  @Override
  public void discard() {
    end(System.nanoTime());
  }

  private void end(long deadline) {
    Process running = process;
    if (running == null) {
      return;
    }
    boolean interrupted = Thread.interrupted();
    try {
      running.waitFor(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      interrupted = true;
    }
    running.descendants().forEach(ProcessHandle::destroyForcibly);
    // By its handle: Process.destroy closes the output before it is read.
    running.toHandle().destroyForcibly();
    running.onExit().join();
    process = null;
    tail.awaitEnd();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public String output() {
    return tail.lines();
  }

  @Override
  public void close(long deadline) {
    end(deadline);
    door.close();
    try {
      Files.deleteIfExists(directory);
    } catch (IOException e) {
      // A directory of no use is left.
    }
  }
}
