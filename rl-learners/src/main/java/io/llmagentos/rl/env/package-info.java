/** The environment as Gymnasium defines it, one or many at a time. Pure. */
@NullMarked
package io.llmagentos.rl.env;

import org.jspecify.annotations.NullMarked;
