/** Jobs: what users submit, the entity that owns its life, what a kind of job brings, and their doors. */
@NullMarked
package io.llmagentos.node.job;

import org.jspecify.annotations.NullMarked;
