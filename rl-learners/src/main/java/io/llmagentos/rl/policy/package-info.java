/** Policies: differentiable networks over flat parameters, and the distributions that turn their outputs into actions. Pure. */
@NullMarked
package io.llmagentos.rl.policy;

import org.jspecify.annotations.NullMarked;
