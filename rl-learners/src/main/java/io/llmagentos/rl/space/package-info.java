/** Gymnasium's spaces: what an observation or an action may be. Pure. */
@NullMarked
package io.llmagentos.rl.space;

import org.jspecify.annotations.NullMarked;
