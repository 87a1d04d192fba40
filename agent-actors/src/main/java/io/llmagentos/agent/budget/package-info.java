/** Pure: what turns spend, and how much they may. */
@NullMarked
package io.llmagentos.agent.budget;

import org.jspecify.annotations.NullMarked;
