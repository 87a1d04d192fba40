/** The one error contract: a code, the value against its limit, and what to change. */
@NullMarked
package io.llmagentos.node.error;

import org.jspecify.annotations.NullMarked;
