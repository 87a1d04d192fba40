/**
 * The training of one rank, from files to files: what Hugging Face's {@code Trainer} does, in lock step with other ranks, to go on from any checkpoint as if
 * nothing had happened. Pure.
 */
@NullMarked
package io.llmagentos.model.training.trainer;

import org.jspecify.annotations.NullMarked;
