package io.llmagentos.node.wire;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Registration;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import com.esotericsoftware.kryo.serializers.DefaultSerializers;
import com.esotericsoftware.kryo.serializers.ImmutableCollectionsSerializers;
import com.esotericsoftware.kryo.util.DefaultClassResolver;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorRefResolver;
import org.apache.pekko.actor.typed.javadsl.Adapter;

/** Makes a Kryo with exactly the registered types. */
final class KryoFactory {
  private KryoFactory() {}

  static Kryo create(WireRegistry registry, ExtendedActorSystem system) {
    Kryo kryo = new Kryo(new ActorRefClassResolver(), null);
    kryo.setRegistrationRequired(true);
    kryo.setReferences(false);
    ImmutableCollectionsSerializers.registerSerializers(kryo);
    // The immutable collections took the ids that followed the primitives; from here on ids are
    // explicit.
    kryo.register(
        ActorRef.class, new ActorRefSerializer(ActorRefResolver.get(Adapter.toTyped(system))), 40);
    kryo.register(byte[].class, 41);
    kryo.register(int[].class, 42);
    kryo.register(long[].class, 43);
    kryo.register(float[].class, 44);
    kryo.register(String[].class, 45);
    kryo.register(Instant.class, 46);
    kryo.register(Duration.class, 47);
    kryo.register(UUID.class, new DefaultSerializers.UUIDSerializer(), 48);
    kryo.register(Optional.class, 49);
    new TreeMap<>(registry.types()).forEach((id, type) -> kryo.register(type, id));
    return kryo;
  }

  /** Every implementation of ActorRef and of the immutable collections goes by one registration. */
  private static final class ActorRefClassResolver extends DefaultClassResolver {
    @Override
    @SuppressWarnings("rawtypes") // as Kryo declares it
    public Registration getRegistration(Class type) {
      Class<?> wanted = type;
      return super.getRegistration(ActorRef.class.isAssignableFrom(wanted) ? ActorRef.class : type);
    }
  }

  private static final class ActorRefSerializer extends Serializer<ActorRef<?>> {
    private final ActorRefResolver resolver;

    ActorRefSerializer(ActorRefResolver resolver) {
      super(true, true);
      this.resolver = resolver;
    }

    @Override
    public void write(Kryo kryo, Output output, ActorRef<?> ref) {
      output.writeString(resolver.toSerializationFormat(ref));
    }

    @Override
    public ActorRef<?> read(Kryo kryo, Input input, Class<? extends ActorRef<?>> type) {
      return resolver.resolveActorRef(input.readString());
    }
  }
}
