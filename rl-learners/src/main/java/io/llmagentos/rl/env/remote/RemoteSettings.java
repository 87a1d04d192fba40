package io.llmagentos.rl.env.remote;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.rl.env.registration.Kwargs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/**
 * The options of a remote environment. Exactly one of the first three is set.
 *
 * @param command starts a process of ours
 * @param connect address at which a process serves
 * @param listen address to which a process connects
 * @param tokenFile holds what both sides of a TCP connection know
 * @param connectTimeout for a process to start, connect and make its environments
 * @param resetTimeout for a reset
 * @param stepTimeout for a step of all environments, with the resets that follow
 * @param maxRestarts how often in a row it is started or connected again, without an episode that came to its end
 */
record RemoteSettings(
    List<String> command,
    String connect,
    String listen,
    String tokenFile,
    Duration connectTimeout,
    Duration resetTimeout,
    Duration stepTimeout,
    int maxRestarts) {

  static RemoteSettings of(Kwargs kwargs) {
    RemoteSettings settings = new RemoteSettings(
        kwargs.texts("command"),
        kwargs.text("connect", ""),
        kwargs.text("listen", ""),
        kwargs.text("token_file", ""),
        seconds(kwargs, "connect_timeout", 60),
        seconds(kwargs, "reset_timeout", 30),
        seconds(kwargs, "step_timeout", 10),
        kwargs.integer("max_restarts", 5));
    int ways = (settings.command.isEmpty() ? 0 : 1)
        + (settings.connect.isEmpty() ? 0 : 1)
        + (settings.listen.isEmpty() ? 0 : 1);
    if (ways != 1) {
      throw kwargs.invalid(
          "command", settings.command, "set, or connect or listen instead of it, exactly one");
    }
    if (settings.maxRestarts < 0) {
      throw kwargs.invalid("max_restarts", settings.maxRestarts, "at least 0");
    }
    if (settings.command.isEmpty()
        && settings.address() instanceof Address.Tcp tcp
        && settings.tokenFile.isEmpty()) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST, tcp + " needs a token_file", "token_file");
    }
    return settings;
  }

  private Address address() {
    return connect.isEmpty() ? Address.parse("listen", listen) : Address.parse("connect", connect);
  }

  private static Duration seconds(Kwargs kwargs, String name, int otherwise) {
    double seconds = kwargs.number(name, otherwise);
    if (!(seconds > 0 && seconds <= 86_400)) {
      throw kwargs.invalid(name, seconds, "more than 0 and at most 86400 seconds");
    }
    return Duration.ofNanos((long) (seconds * 1e9));
  }

  /** Listens, if that is its way; starts and connects nothing yet. */
  Peer peer() {
    try {
      if (!command.isEmpty()) {
        return new ChildPeer(command);
      }
      Greeting greeting = new Greeting(token());
      return connect.isEmpty()
          ? new ConnectingPeer(address(), greeting)
          : new ServingPeer(address(), greeting);
    } catch (IOException e) {
      throw new AgentOsException(
          ErrorCode.ENVIRONMENT_FAILED, describe() + ": " + e.getMessage(), way(), e);
    }
  }

  private String token() throws IOException {
    if (tokenFile.isEmpty()) {
      return "";
    }
    Path file = Path.of(tokenFile);
    Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
    String token = Files.readString(file).strip();
    if (permissions.contains(PosixFilePermission.OTHERS_READ)
        || token.length() < 16
        || token.length() > 1024) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          "the token_file " + file
              + " must hold 16 to 1024 characters and be readable by its owner and group only",
          "token_file");
    }
    return token;
  }

  private String way() {
    return !command.isEmpty() ? "command" : connect.isEmpty() ? "listen" : "connect";
  }

  /** Which environment this is, for errors. */
  String describe() {
    return switch (way()) {
      case "command" -> "Remote-v0 (" + String.join(" ", command) + ")";
      case "connect" -> "Remote-v0 (connect " + connect + ")";
      default -> "Remote-v0 (listen " + listen + ")";
    };
  }
}
