/**
 * The shipped function-calling model {@code agentos-nano}: its data, its sequence format, its training and its evaluation.
 */
@NullMarked
package io.llmagentos.model.nano;

import org.jspecify.annotations.NullMarked;
