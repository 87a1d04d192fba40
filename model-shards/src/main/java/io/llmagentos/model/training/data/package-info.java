/**
 * From files to batches: text and JSON lines of any size become token files, which are mapped into memory; which examples a rank sees in a step is a pure
 * function of seed, epoch and step. Pure.
 */
@NullMarked
package io.llmagentos.model.training.data;

import org.jspecify.annotations.NullMarked;
