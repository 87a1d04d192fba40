/** What a training is told, in Hugging Face's field names, and what follows from it alone: steps, learning rates, when to save and evaluate. Pure. */
@NullMarked
package io.llmagentos.model.training.arguments;

import org.jspecify.annotations.NullMarked;
