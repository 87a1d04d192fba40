/** A language model behind an OpenAI-compatible endpoint. */
@NullMarked
package io.llmagentos.model.remote;

import org.jspecify.annotations.NullMarked;
