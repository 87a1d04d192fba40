package io.llmagentos.rl.env.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.rl.env.Env;
import io.llmagentos.rl.env.registration.EnvRegistry;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Peers that break the protocol, byte by byte; and what the script does with such bytes. */
@Timeout(60)
class HostilePeerTest {
  private static final String WELCOME = "0b000000 02 4c4c4d4147454e56 0100 ";
  /** Discrete(3) to see, Discrete(2) to do. */
  private static final String SPACES = "13000000 04 03 03000000 00000000 03 02000000 00000000 ";

  private static final String ZERO = "05000000 06 00000000 ";

  @TempDir
  private Path directory;

  @ParameterizedTest
  @CsvSource({
    "474554202f20485454502f312e31, 'of type unknown (47) came where WELCOME (2) was due'",
    "ffffff7f 02, 'a WELCOME (2) frame claims 2147483647 bytes'",
    "00000080 02, 'a WELCOME (2) frame claims 2147483648 bytes'",
    "00000000 02, 'claims 0 bytes, must be 1 to'",
    "0b000000 02 4c4c4d4147454e57 0100, it does not speak this protocol",
    "0b000000 02 4c4c4d4147454e56 0900, 'it speaks version 9 of the protocol, this is 1'",
    "0b000000 02 4c4c4d4147454e56 0100 00, 1 bytes follow the WELCOME (2) frame",
    "0b000000 02 4c4c, gave no WELCOME within its time limit",
  })
  void shouldTellWhatIsWrongWithAGreeting(String bytes, String says) throws IOException {
    refuses(says, bytes);
  }

  @ParameterizedTest
  @CsvSource({
    "0a000000 04 03 ffffffff 00000000, 'its observation_space has 4294967295 in n, at most 4194304'",
    "0a000000 04 03 00000000 00000000, 'its observation_space: n is 0, must be at least 1'",
    "0b000000 04 01 02 ffffffff ffffffff, 'has 4294967295 in a length of the shape'",
    "0b000000 04 01 02 00001000 00001000, 'has 1099511627776 numbers, at most 4194304'",
    "07000000 04 01 01 00002000, 'the bounds of a Box of 2097152 numbers needs 16777216 bytes'",
    "06000000 04 04 ffff3f00, 'a MultiDiscrete of 4194303 numbers needs 33554424 bytes'",
    "04000000 04 06 ffff, 'observation_space needs 1 bytes, the frame has 0 left'",
    "02000000 04 63, its observation_space is of the unknown kind 99",
    "0f000000 04 01 01 01000000 0000803f 00000000, 'its observation_space cannot be: Box: low[0] = 1.0'",
    "01000004 04, 'gave no SPACES within'",
    "02000004 04, 'a SPACES (4) frame claims 67108866 bytes, must be 1 to 67108865'",
  })
  void shouldBoundWhatADescriptionMakesItAllocate(String bytes, String says) throws IOException {
    refuses(says, WELCOME, bytes);
  }

  @ParameterizedTest
  @CsvSource({
    "05000000 06 03000000, 'it sent 3, which is outside its declared space Discrete'",
    "03000000 06 0000, 'the observation of environment 0 needs 4 bytes, the frame has 2'",
    "09000000 06 0000000000000000, 'a OBSERVATIONS (6) frame claims 9 bytes, must be 1 to 5'",
    "05000000 08 00000000, 'of type STEPPED (8) came where OBSERVATIONS (6) was due'",
    "0c000000 00 6e6f20726f6f6d20206e6f, 'it reported: no room  no'",
    "ffffff7f 00, 'a ERROR (0) frame claims 2147483647 bytes'",
  })
  void shouldTellWhatIsWrongWithAnObservation(String bytes, String says) throws IOException {
    refuses(says, WELCOME, SPACES, bytes);
  }

  @ParameterizedTest
  @CsvSource({
    "0e000000 08 000000000000f03f 00 07000000, 'it sent 7, which is outside'",
    "0e000000 08 000000000000f03f 04 00000000, 'environment 0 has the unknown flags 4'",
    "0e000000 08 000000000000f03f 01 00000000, 'the first observation of environment 0 needs 4'",
    "12000000 08 000000000000f03f 00 00000000 00000000, 4 bytes too many in STEPPED",
    "0a000000 08 000000000000f03f 00, 'what came of environment 0 needs 13 bytes'",
  })
  void shouldTellWhatIsWrongWithAStep(String bytes, String says) throws IOException {
    refuses(says, WELCOME, SPACES, ZERO, bytes);
  }

  /** Plays against a peer that answers every frame with the next of the given ones. */
  private void refuses(String says, String... answers) throws IOException {
    Path socket = directory.resolve("peer.sock");
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(socket));
      Thread.ofPlatform().daemon().start(() -> answer(server, answers));
      assertThatThrownBy(() -> play("unix:" + socket, 2))
          .isInstanceOfSatisfying(
              AgentOsException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.ENVIRONMENT_FAILED))
          .hasMessageContaining("Remote-v0 (connect unix:")
          .hasMessageContaining(says);
    }
  }

  @SuppressWarnings("unchecked")
  private static void play(String address, int seconds) {
    Map<String, Object> kwargs = Map.of(
        "connect",
        address,
        "max_restarts",
        0,
        "connect_timeout",
        seconds,
        "reset_timeout",
        seconds);
    try (Env<Integer, Integer> env =
        (Env<Integer, Integer>) EnvRegistry.load().make("Remote-v0", kwargs)) {
      env.reset(1);
      if (env.step(1).truncated()) {
        env.reset();
      }
    }
  }

  private static void answer(ServerSocketChannel server, String... answers) {
    try (SocketChannel channel = server.accept()) {
      ByteBuffer asked = ByteBuffer.allocate(4096);
      for (String answer : answers) {
        channel.read(asked.clear());
        channel.write(ByteBuffer.wrap(HexFormat.of().parseHex(answer.replace(" ", ""))));
      }
      while (channel.read(asked.clear()) >= 0) {
        // until it leaves
      }
    } catch (IOException e) {
      // It left.
    }
  }

  @Test
  void shouldServeOthersAfterGarbledBytes() throws Exception {
    Path socket = directory.resolve("env.sock");
    Process server = Python.start("Counter", "{}", "--listen", "unix:" + socket);
    try {
      play("unix:" + socket, 60);
      assertThat(told(socket, "474554")).contains("ended in the greeting");
      assertThat(told(socket, "ffffff7f 01")).contains("a frame claims 2147483647 bytes");
      assertThat(told(socket, "05000000 03 01000000")).contains("type 3 came where 1 was due");
      assertThat(told(socket, "0d000000 01 4c4c4d4147454e56 0700 0000")).contains("version 7");
      assertThat(told(socket, "0d000000 01 4c4c4d4147454e56 0100 0900")).contains("is garbled");
      assertThat(told(socket, "0f000000 01 4c4c4d4147454e56 0100 0200 6869"))
          .contains("wrong token");
      play("unix:" + socket, 60);
    } finally {
      server.destroy();
      server.onExit().orTimeout(30, TimeUnit.SECONDS).join();
    }
    assertThat(socket).doesNotExist();
  }

  /** The text of the script's ERROR frame; nothing if it closes without one. */
  private static String told(Path socket, String bytes) throws IOException {
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      channel.write(ByteBuffer.wrap(HexFormat.of().parseHex(bytes.replace(" ", ""))));
      channel.shutdownOutput();
      ByteBuffer answer = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
      while (channel.read(answer) >= 0) {
        // to its end
      }
      answer.flip();
      if (answer.remaining() < 5) {
        return "";
      }
      assertThat(answer.getInt()).isEqualTo(answer.remaining());
      assertThat(answer.get()).isZero();
      return StandardCharsets.UTF_8.decode(answer).toString();
    }
  }

  @Test
  void shouldListenOnlyWhereNobodyElseCanWrite() throws IOException {
    Path open = Files.createDirectory(directory.resolve("open"));
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertThatThrownBy(() -> new Address.Unix(open.resolve("s")).listen())
        .hasMessageContaining("has mode rwxrwxrwx: nobody but its owner may write");
    Path file = Files.writeString(directory.resolve("file"), "text");
    assertThatThrownBy(() -> new Address.Unix(file).listen())
        .hasMessageContaining("is there and is no socket");
    assertThat(file).hasContent("text");
  }

  @Test
  void shouldRemoveASocketThatNobodyListensTo() throws IOException {
    Address.Unix address = new Address.Unix(directory.resolve("s"));
    try (ServerSocketChannel server = address.listen()) {
      assertThat(server.isOpen()).isTrue();
      assertThatThrownBy(address::listen).hasMessageContaining("is in use");
    }
    assertThat(address.path()).exists();
    try (ServerSocketChannel server = address.listen()) {
      assertThat(server.isOpen()).isTrue();
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(address.path())))
          .isEqualTo("rw-------");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "connect, udp:80, 'connect is ''udp:80'', must be unix:PATH, tcp:PORT or tcp:HOST:PORT'",
    "connect, tcp:99999, 'connect is ''tcp:99999'', must be'",
    "listen, tcp:7000, 'tcp:127.0.0.1:7000 needs a token_file'",
    "comand, x, 'did you mean'",
    "step_timeout, -1, 'step_timeout is -1.0, must be more than 0'",
    "max_restarts, 1, 'command is [], must be set, or connect or listen instead of it'",
  })
  void shouldRefuseOptionsThatCannotBe(String name, String value, String says) {
    Object option = value.matches("-?\\d+") ? Integer.valueOf(value) : value;
    Map<String, Object> kwargs = name.equals("comand")
        ? Map.of(name, option, "command", Python.command("Counter"))
        : Map.of(name, option);
    assertThatThrownBy(() -> EnvRegistry.load().make("Remote-v0", kwargs))
        .isInstanceOfSatisfying(
            AgentOsException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_REQUEST))
        .hasMessageContaining(says);
  }
}
