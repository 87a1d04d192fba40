package io.llmagentos.node.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import io.llmagentos.node.boot.WireTypes;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.envelope.Provenance;
import io.llmagentos.node.placement.NodeHost;
import java.io.NotSerializableException;
import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.BootstrapSetup;
import org.apache.pekko.actor.setup.ActorSystemSetup;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class KryoWireSerializerTest {
  private static final org.apache.pekko.actor.ActorSystem SYSTEM =
      org.apache.pekko.actor.ActorSystem.create(
          "wire",
          ActorSystemSetup.create(
              BootstrapSetup.create(
                  ConfigFactory.parseString("pekko.loglevel = OFF, pekko.stdout-loglevel = OFF")
                      .withFallback(ConfigFactory.load())),
              new WireSetup(WireTypes.of(List.of()))));
  private static final KryoWireSerializer SERIALIZER =
      new KryoWireSerializer((org.apache.pekko.actor.ExtendedActorSystem) SYSTEM);

  private static final Context CONTEXT = new Context(
      "local",
      "alice",
      Instant.parse("2026-11-23T20:00:00Z"),
      "0123456789abcdef0123456789abcdef",
      Provenance.PRINCIPAL);
  private static final NodeHost.Description DESCRIPTION = new NodeHost.Description(
      "pekko://agentos@127.0.0.1:25520",
      "http://127.0.0.1:8080",
      "http://127.0.0.1:8180",
      42,
      2,
      1024,
      7,
      Map.of("session", 3),
      List.of("driver-0 of local/a (epoch 1)"));

  @AfterAll
  static void stop() {
    SYSTEM.terminate();
  }

  /** These bytes are read by nodes of the same wire version: a change here needs a new version. */
  @Test
  void shouldWriteTheBytesOfThisWireVersion() {
    assertThat(HexFormat.of().formatHex(SERIALIZER.toBinary(CONTEXT)))
        .isEqualTo(
            "6601c0b692d80600616c6963e5016c6f6361ec30313233343536373839616263646566303132333435363738396162636465e6");
    assertThat(HexFormat.of().formatHex(SERIALIZER.toBinary(DESCRIPTION)))
        .isEqualTo(
            "7170656b6b6f3a2f2f6167656e746f73403132372e302e302e313a32353532b004687474703a2f2f3132372e302e302e313a383038b00f020373657373696fee02068010687474703a2f2f3132372e302e302e313a383138b00c82036472697665722d30206f66206c6f63616c2f61202865706f63682031a9540e");
  }

  @Test
  void shouldReadWhatItWrote() throws NotSerializableException {
    assertThat(SERIALIZER.fromBinary(SERIALIZER.toBinary(CONTEXT), KryoWireSerializer.MANIFEST))
        .isEqualTo(CONTEXT);
    ByteBuffer buffer = ByteBuffer.allocateDirect(1024);
    SERIALIZER.toBinary(DESCRIPTION, buffer);
    buffer.flip();
    assertThat(SERIALIZER.fromBinary(buffer, KryoWireSerializer.MANIFEST)).isEqualTo(DESCRIPTION);
  }

  @Test
  void shouldCarryActorReferences() throws NotSerializableException {
    ActorTestKit kit = ActorTestKit.create(Adapter.toTyped(SYSTEM));
    ActorRef<NodeHost.Description> ref =
        kit.spawn(Behaviors.<NodeHost.Description>empty(), "listener");
    NodeHost.Describe describe = new NodeHost.Describe(ref);
    assertThat(SERIALIZER.fromBinary(SERIALIZER.toBinary(describe), KryoWireSerializer.MANIFEST))
        .isEqualTo(describe);
  }

  @Test
  void shouldNotWriteAClassThatNobodyRegistered() {
    assertThatThrownBy(() -> SERIALIZER.toBinary(new Thread()))
        .hasMessageContaining("not registered")
        .hasMessageContaining("Thread");
  }

  @Test
  void shouldNotReadAClassThatNobodyRegistered() {
    byte[] unknownId = {(byte) 0xff, 0x7f, 1, 2, 3};
    assertThatThrownBy(() -> SERIALIZER.fromBinary(unknownId, KryoWireSerializer.MANIFEST))
        .isInstanceOf(NotSerializableException.class)
        .hasMessageContaining("wire_unknown_class");
    byte[] truncated = java.util.Arrays.copyOf(SERIALIZER.toBinary(CONTEXT), 5);
    assertThatThrownBy(() -> SERIALIZER.fromBinary(truncated, KryoWireSerializer.MANIFEST))
        .isInstanceOf(NotSerializableException.class);
  }

  @Test
  void shouldNotReadAnotherVersion() {
    byte[] bytes = SERIALIZER.toBinary(CONTEXT);
    assertThatThrownBy(() -> SERIALIZER.fromBinary(bytes, "k2"))
        .isInstanceOf(NotSerializableException.class)
        .hasMessageContaining("'k2' is not 'k1'");
  }

  @Test
  void shouldTellAMessageThatIsTooLargeForItsFrame() {
    assertThatThrownBy(() -> SERIALIZER.toBinary(DESCRIPTION, ByteBuffer.allocate(16)))
        .isInstanceOf(BufferOverflowException.class);
  }

  @Test
  void shouldRefuseAnIdThatIsTaken() {
    WireRegistry registry = new WireRegistry().add(100, Context.class);
    assertThatThrownBy(() -> registry.add(100, Provenance.class))
        .hasMessageContaining("wire id 100 is taken");
    assertThatThrownBy(() -> registry.add(101, Context.class)).hasMessageContaining("two wire ids");
  }
}
