/** Serving: the models of a node by name, each behind a bounded queue, and the router to them. */
@NullMarked
package io.llmagentos.model.serving;

import org.jspecify.annotations.NullMarked;
