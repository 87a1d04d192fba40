/** Documents of OpenAPI as sources of tools. */
@NullMarked
package io.llmagentos.agent.tool.openapi;

import org.jspecify.annotations.NullMarked;
