/** The vocabulary of a chat with a language model: messages, tools, calls, replies. */
@NullMarked
package io.llmagentos.model.chat;

import org.jspecify.annotations.NullMarked;
