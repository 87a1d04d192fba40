package io.llmagentos.node.placement;

import io.llmagentos.node.wire.WireMessage;

/** What a hosted member can be told; each kind of member adds its own. */
public interface MemberCommand extends WireMessage {}
