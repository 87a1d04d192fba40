/** Gymnasium's toy_text: small tabular environments that show their exact model. */
@NullMarked
package io.llmagentos.rl.env.toytext;

import org.jspecify.annotations.NullMarked;
