/** Algorithms with RLlib's words: configuration, learners, and trainers that run in one process. Pure, but for the files of a checkpoint. */
@NullMarked
package io.llmagentos.rl.algorithm;

import org.jspecify.annotations.NullMarked;
