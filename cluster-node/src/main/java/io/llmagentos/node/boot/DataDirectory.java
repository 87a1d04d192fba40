package io.llmagentos.node.boot;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** A node's directory: one node at a time, and never one that a newer LLMAgentOS wrote. */
final class DataDirectory implements AutoCloseable {
  static final int VERSION = 1;

  private final FileChannel channel;

  private DataDirectory(FileChannel channel) {
    this.channel = channel;
  }

  static DataDirectory open(Path path) {
    try {
      Files.createDirectories(path);
      Path versionFile = path.resolve("version");
      if (Files.exists(versionFile)) {
        int version = parseVersion(versionFile);
        if (version > VERSION) {
          throw new AgentOsException(
              ErrorCode.DATA_DIRECTORY_NEWER,
              "data directory " + path + " has version " + version
                  + ", this LLMAgentOS reads up to " + VERSION
                  + "; run the newer one or use another --data",
              "llmagentos.node.data-dir");
        }
      } else {
        Files.writeString(versionFile, VERSION + "\n");
      }
      FileChannel channel = FileChannel.open(
          path.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (tryLock(channel) == null) {
        channel.close();
        throw new AgentOsException(
            ErrorCode.DATA_DIRECTORY_UNUSABLE,
            "data directory " + path + " is in use by another node; stop it or use another --data",
            "llmagentos.node.data-dir");
      }
      return new DataDirectory(channel);
    } catch (IOException e) {
      throw new AgentOsException(
          ErrorCode.DATA_DIRECTORY_UNUSABLE,
          "data directory " + path + " cannot be used: " + e.getMessage(),
          "llmagentos.node.data-dir",
          e);
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null;
    }
  }

  private static int parseVersion(Path file) throws IOException {
    String text = Files.readString(file).strip();
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new AgentOsException(
          ErrorCode.DATA_DIRECTORY_UNUSABLE,
          file + " must hold a number, holds '" + text + "'; use another --data",
          "llmagentos.node.data-dir",
          e);
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
