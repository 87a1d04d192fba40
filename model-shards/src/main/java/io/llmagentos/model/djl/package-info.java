/** DJL on libtorch: TorchScript that Java writes and calls. libtorch loads with the first script. Pure. */
@NullMarked
package io.llmagentos.model.djl;

import org.jspecify.annotations.NullMarked;
