/** From a row of logits to the next token: filters with the semantics of Hugging Face transformers, and a counted random generator. */
@NullMarked
package io.llmagentos.model.sampling;

import org.jspecify.annotations.NullMarked;
