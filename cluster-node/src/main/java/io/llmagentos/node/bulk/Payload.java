package io.llmagentos.node.bulk;

import io.llmagentos.node.wire.WireMessage;
import org.apache.pekko.actor.typed.ActorRef;

/** Bytes in a message: themselves while they are few, else a reference to where they wait to be fetched. */
public sealed interface Payload extends WireMessage {
  /** Up to {@link Bulk#INLINE} bytes. */
  record Inline(byte[] bytes) implements Payload {}

  /**
   * @param holder who holds the bytes
   * @param checksum CRC-32C
   */
  record Held(ActorRef<BulkHost.Command> holder, long id, int length, long checksum)
      implements Payload {}
}
