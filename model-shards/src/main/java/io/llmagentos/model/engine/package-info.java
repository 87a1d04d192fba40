/** The arithmetic of language models: sequences in a paged cache, advanced together. No actors, no text. */
@NullMarked
package io.llmagentos.model.engine;

import org.jspecify.annotations.NullMarked;
