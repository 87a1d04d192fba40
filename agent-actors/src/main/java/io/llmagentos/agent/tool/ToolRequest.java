package io.llmagentos.agent.tool;

import io.llmagentos.node.envelope.Context;

/**
 * One call of a tool.
 *
 * @param context for whom, until when
 * @param key the same whenever the same call is made again: an idempotency key
 * @param arguments a JSON object, valid by the tool's schema
 */
public record ToolRequest(Context context, String key, String arguments) {}
