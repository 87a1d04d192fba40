package io.llmagentos.node.rank;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.llmagentos.node.boot.WireTypes;
import io.llmagentos.node.bulk.Bulk;
import io.llmagentos.node.wire.WireSetup;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.apache.pekko.actor.BootstrapSetup;
import org.apache.pekko.actor.setup.ActorSystemSetup;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;

/** Two actor systems that reach each other over TCP with the platform's wire, each with a bulk plane that holds 64 MiB. */
public final class TwoSystems implements AutoCloseable {
  private static final Config CONFIG = ConfigFactory.parseString("""
          pekko.loglevel = WARNING
          pekko.actor.provider = remote
          pekko.cluster.jmx.enabled = off
          pekko.remote.artery.canonical { hostname = "127.0.0.1", port = 0 }
          """)
      .withFallback(ConfigFactory.parseResources("llmagentos-pekko.conf"))
      .withFallback(ConfigFactory.load());

  private final ActorSystem<Void> first = start();
  private final ActorSystem<Void> second = start();
  private final Bulk firstBulk = bulk(first);
  private final Bulk secondBulk = bulk(second);

  private static ActorSystem<Void> start() {
    return ActorSystem.create(
        Behaviors.empty(),
        "agentos",
        ActorSystemSetup.create(
            BootstrapSetup.create(CONFIG), new WireSetup(WireTypes.of(List.of()))));
  }

  private static Bulk bulk(ActorSystem<Void> system) {
    return Bulk.start(system, Clock.systemUTC(), 64 << 20, Duration.ofMinutes(1));
  }

  public ActorSystem<Void> first() {
    return first;
  }

  public ActorSystem<Void> second() {
    return second;
  }

  public Bulk firstBulk() {
    return firstBulk;
  }

  public Bulk secondBulk() {
    return secondBulk;
  }

  /** A message of the first system as the second one gets it. */
  public <T> T overTheWire(T message) throws java.io.NotSerializableException {
    Serialization from = SerializationExtension.get(Adapter.toClassic(first));
    Serialization to = SerializationExtension.get(Adapter.toClassic(second));
    byte[] bytes = from.serialize(message).get();
    var serializer = from.findSerializerFor(message);
    @SuppressWarnings("unchecked")
    T arrived = (T) to.deserialize(
            bytes,
            serializer.identifier(),
            org.apache.pekko.serialization.Serializers.manifestFor(serializer, message))
        .get();
    return arrived;
  }

  @Override
  public void close() {
    first.terminate();
    second.terminate();
  }
}
