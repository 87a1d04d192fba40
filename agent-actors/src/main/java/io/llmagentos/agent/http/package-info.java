/** The doors to agents: sessions, messages, streams. */
@NullMarked
package io.llmagentos.agent.http;

import org.jspecify.annotations.NullMarked;
