/** Text to token ids and back, and chats to prompts: Hugging Face tokenizer files and chat templates. */
@NullMarked
package io.llmagentos.model.tokenizer;

import org.jspecify.annotations.NullMarked;
