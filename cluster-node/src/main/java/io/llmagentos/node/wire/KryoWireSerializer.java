package io.llmagentos.node.wire;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.KryoException;
import com.esotericsoftware.kryo.io.ByteBufferInput;
import com.esotericsoftware.kryo.io.ByteBufferOutput;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.KryoBufferOverflowException;
import com.esotericsoftware.kryo.io.Output;
import com.esotericsoftware.kryo.util.Pool;
import java.io.NotSerializableException;
import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.serialization.ByteBufferSerializer;
import org.apache.pekko.serialization.SerializerWithStringManifest;

/**
 * Control-plane messages as Kryo bytes. Registration is required: a class that no subsystem registered is neither written nor read, so bytes from
 * outside cannot name a class to load. The manifest is the wire format's version. Thread-safe: instances of Kryo are pooled.
 */
public final class KryoWireSerializer extends SerializerWithStringManifest
    implements ByteBufferSerializer {
  static final int IDENTIFIER = 7_061_001;
  static final String MANIFEST = "k1";
  private static final int MAX_POOLED = 32;

  private final Pool<Kryo> kryos;

  public KryoWireSerializer(ExtendedActorSystem system) {
    WireRegistry registry = system
        .settings()
        .setup()
        .get(WireSetup.class)
        .orElseThrow(
            () -> new IllegalStateException("the actor system was created without a WireSetup"))
        .registry();
    kryos = new Pool<>(true, true, MAX_POOLED) {
      @Override
      protected Kryo create() {
        return KryoFactory.create(registry, system);
      }
    };
  }

  @Override
  public int identifier() {
    return IDENTIFIER;
  }

  @Override
  public String manifest(Object message) {
    return MANIFEST;
  }

  @Override
  public byte[] toBinary(Object message) {
    Output output = new Output(256, -1);
    write(output, message);
    return output.toBytes();
  }

  @Override
  public void toBinary(Object message, ByteBuffer buffer) {
    ByteBufferOutput output = new ByteBufferOutput(buffer);
    try {
      write(output, message);
    } catch (KryoBufferOverflowException e) {
      // Artery tells an oversized message by this type.
      throw (BufferOverflowException) new BufferOverflowException().initCause(e);
    }
  }

  @Override
  public Object fromBinary(byte[] bytes, String manifest) throws NotSerializableException {
    return read(new Input(bytes), manifest);
  }

  @Override
  public Object fromBinary(ByteBuffer buffer, String manifest) throws NotSerializableException {
    return read(new ByteBufferInput(buffer), manifest);
  }

  private void write(Output output, Object message) {
    Kryo kryo = kryos.obtain();
    try {
      kryo.writeClassAndObject(output, message);
      output.flush();
    } finally {
      kryos.free(kryo);
    }
  }

  private Object read(Input input, String manifest) throws NotSerializableException {
    if (!manifest.equals(MANIFEST)) {
      throw new NotSerializableException("wire manifest '" + manifest + "' is not '" + MANIFEST
          + "': the sender runs an incompatible version");
    }
    Kryo kryo = kryos.obtain();
    try {
      return kryo.readClassAndObject(input);
    } catch (KryoException | IndexOutOfBoundsException | IllegalArgumentException e) {
      NotSerializableException unreadable =
          new NotSerializableException("wire_unknown_class: " + e.getMessage());
      unreadable.initCause(e);
      throw unreadable;
    } finally {
      kryos.free(kryo);
    }
  }
}
