/** The HTTP host: doors for clients, a private management port, credentials, limits, errors. */
@NullMarked
package io.llmagentos.node.http;

import org.jspecify.annotations.NullMarked;
