/** Typed settings: an unknown key is an error that suggests the nearest. */
@NullMarked
package io.llmagentos.node.settings;

import org.jspecify.annotations.NullMarked;
