/**
 * Training of small decoders: a byte-level BPE trainer, and a Llama decoder whose training step is one TorchScript call.
 */
@NullMarked
package io.llmagentos.model.training;

import org.jspecify.annotations.NullMarked;
