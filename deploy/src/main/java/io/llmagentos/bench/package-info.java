/** The benchmarks behind {@code docs/benchmarks.md}: {@code agentos bench NAME} prints what it measured, beside a peer or a ceiling of the same run. */
@NullMarked
package io.llmagentos.bench;

import org.jspecify.annotations.NullMarked;
