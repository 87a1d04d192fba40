/** Gymnasium's wrappers: an environment around an environment. */
@NullMarked
package io.llmagentos.rl.env.wrapper;

import org.jspecify.annotations.NullMarked;
