/** Worked examples, compiled and run by the tests. */
@NullMarked
package io.llmagentos.examples;

import org.jspecify.annotations.NullMarked;
