/** Gymnasium's box2d on the native Box2D library. */
@NullMarked
package io.llmagentos.rl.env.box2d;

import org.jspecify.annotations.NullMarked;
