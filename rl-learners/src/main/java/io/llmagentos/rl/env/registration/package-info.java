/** Versioned environment ids: what a name means and how it is made. */
@NullMarked
package io.llmagentos.rl.env.registration;

import org.jspecify.annotations.NullMarked;
