/** What every request carries: who asks, until when, under which trace, and where its content came from. */
@NullMarked
package io.llmagentos.node.envelope;

import org.jspecify.annotations.NullMarked;
