package io.llmagentos.rl.env.remote;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** {@code unix:PATH}, {@code tcp:PORT} on the loopback interface, or {@code tcp:HOST:PORT}. */
sealed interface Address {
  record Unix(Path path) implements Address {
    @Override
    public String toString() {
      return "unix:" + path;
    }
  }

  record Tcp(String host, int port) implements Address {
    @Override
    public String toString() {
      return "tcp:" + host + ":" + port;
    }
  }

  static Address parse(String option, String text) {
    if (text.startsWith("unix:") && text.length() > 5) {
      return new Unix(Path.of(text.substring(5)).toAbsolutePath());
    }
    if (text.startsWith("tcp:")) {
      int colon = text.lastIndexOf(':');
      String host = colon > 3 ? text.substring(4, colon) : "127.0.0.1";
      String port = text.substring(colon + 1);
      if (port.matches("\\d{1,5}") && Integer.parseInt(port) <= 65535) {
        return new Tcp(host, Integer.parseInt(port));
      }
    }
    throw new AgentOsException(
        ErrorCode.INVALID_REQUEST,
        option + " is '" + text + "', must be unix:PATH, tcp:PORT or tcp:HOST:PORT",
        option);
  }

  private SocketAddress socketAddress() throws IOException {
    return switch (this) {
      case Unix unix -> UnixDomainSocketAddress.of(unix.path());
      case Tcp tcp -> new InetSocketAddress(InetAddress.getByName(tcp.host()), tcp.port());
    };
  }

  /** A channel that is connected, or will be: see {@link SocketChannel#finishConnect}. */
  default SocketChannel dial() throws IOException {
    SocketAddress to = socketAddress();
    SocketChannel channel = this instanceof Unix
        ? SocketChannel.open(StandardProtocolFamily.UNIX)
        : SocketChannel.open();
    try {
      prepare(channel);
      channel.connect(to);
      return channel;
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /** Sets what a connection needs. */
  static void prepare(SocketChannel channel) throws IOException {
    channel.configureBlocking(false);
    if (channel.supportedOptions().contains(StandardSocketOptions.TCP_NODELAY)) {
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    }
  }

  /** Listens. A socket file gets mode 0600, in a directory that only its owner can change; one that nobody listens to any more is removed. */
  default ServerSocketChannel listen() throws IOException {
    if (this instanceof Unix unix) {
      clear(unix.path());
    }
    ServerSocketChannel server = this instanceof Unix
        ? ServerSocketChannel.open(StandardProtocolFamily.UNIX)
        : ServerSocketChannel.open();
    try {
      server.bind(socketAddress());
      if (this instanceof Unix unix) {
        Files.setPosixFilePermissions(unix.path(), PosixFilePermissions.fromString("rw-------"));
      }
      server.configureBlocking(false);
      return server;
    } catch (IOException e) {
      server.close();
      throw e;
    }
  }

  private void clear(Path path) throws IOException {
    Path directory = path.getParent();
    if (directory == null || !Files.isDirectory(directory)) {
      throw new IOException("the directory " + directory + " does not exist");
    }
    Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(directory);
    if (permissions.contains(PosixFilePermission.GROUP_WRITE)
        || permissions.contains(PosixFilePermission.OTHERS_WRITE)) {
      throw new IOException("the directory " + directory + " has mode "
          + PosixFilePermissions.toString(permissions)
          + ": nobody but its owner may write to a directory with such a socket");
    }
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    if (!Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
        .isOther()) {
      throw new IOException(path + " is there and is no socket");
    }
    try (SocketChannel live = dial()) {
      throw new IOException(path + " is in use" + (live.isConnected() ? "" : ", it seems"));
    } catch (SocketException e) {
      Files.delete(path);
    }
  }

  /** Removes the socket file, if there is one. */
  default void remove() {
    if (this instanceof Unix unix) {
      try {
        Files.deleteIfExists(unix.path());
      } catch (IOException e) {
        // It is found stale, and removed, by whoever listens there next.
      }
    }
  }
}
