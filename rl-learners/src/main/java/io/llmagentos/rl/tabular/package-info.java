/** Finite Markov decision processes and their exact solutions: the oracle of everything that learns. */
@NullMarked
package io.llmagentos.rl.tabular;

import org.jspecify.annotations.NullMarked;
