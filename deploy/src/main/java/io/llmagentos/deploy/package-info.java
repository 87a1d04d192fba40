/** The distribution as users run it, in processes of its own. */
@NullMarked
package io.llmagentos.deploy;

import org.jspecify.annotations.NullMarked;
