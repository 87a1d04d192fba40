/** One dialogue: turns in, events out, nothing acknowledged lost. */
@NullMarked
package io.llmagentos.agent.session;

import org.jspecify.annotations.NullMarked;
