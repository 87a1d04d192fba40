/** The journal: marker of persisted events, its database, and the one projection into tables. */
@NullMarked
package io.llmagentos.node.journal;

import org.jspecify.annotations.NullMarked;
