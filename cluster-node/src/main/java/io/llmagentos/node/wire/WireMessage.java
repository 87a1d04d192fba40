package io.llmagentos.node.wire;

/** A message between nodes: serialised by {@link KryoWireSerializer}. Its type, and every type in it, is registered by its subsystem. */
public interface WireMessage {}
