package io.llmagentos.node.wire;

import org.apache.pekko.actor.setup.Setup;

/** Hands the registered types to the serializer of an actor system that is about to start. */
public final class WireSetup extends Setup {
  private final WireRegistry registry;

  public WireSetup(WireRegistry registry) {
    this.registry = registry;
  }

  WireRegistry registry() {
    return registry;
  }
}
