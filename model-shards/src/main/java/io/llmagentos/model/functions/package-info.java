/** The functions that a model of function tokens knows: their sets, their tokens, and a linear classifier over n-grams beside the transformer. */
@NullMarked
package io.llmagentos.model.functions;

import org.jspecify.annotations.NullMarked;
