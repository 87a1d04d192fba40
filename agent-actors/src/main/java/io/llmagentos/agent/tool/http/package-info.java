/** How sources of tools are reached over HTTP. */
@NullMarked
package io.llmagentos.agent.tool.http;

import org.jspecify.annotations.NullMarked;
