/** Classic control, as Gymnasium's classic_control: float64 state, float32 observations. */
@NullMarked
package io.llmagentos.rl.env.classic;

import org.jspecify.annotations.NullMarked;
