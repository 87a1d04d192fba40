/** What is left of a run to look at: its learning curve, TensorBoard events. Pure. */
@NullMarked
package io.llmagentos.node.report;

import org.jspecify.annotations.NullMarked;
