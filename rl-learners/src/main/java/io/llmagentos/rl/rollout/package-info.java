/** Experience: environments stepped by a policy, and what came of it as flat arrays. Pure: no clock, no global state. */
@NullMarked
package io.llmagentos.rl.rollout;

import org.jspecify.annotations.NullMarked;
