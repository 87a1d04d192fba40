/** Learns tokenizers from texts, as files that Hugging Face's libraries load. Pure. */
@NullMarked
package io.llmagentos.model.tokenizer.training;

import org.jspecify.annotations.NullMarked;
