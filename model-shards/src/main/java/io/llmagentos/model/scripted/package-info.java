/** A model that says what its script says; the fixture of tests and demonstrations. */
@NullMarked
package io.llmagentos.model.scripted;

import org.jspecify.annotations.NullMarked;
