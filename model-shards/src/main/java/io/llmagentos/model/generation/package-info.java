/** One generation: from a prompt's tokens to an answer's, with its stops and what may come next. No actors. */
@NullMarked
package io.llmagentos.model.generation;

import org.jspecify.annotations.NullMarked;
