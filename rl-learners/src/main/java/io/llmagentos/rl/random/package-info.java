/** NumPy's random numbers, bit for bit: SeedSequence, PCG64 and the draws that environments make. Pure. */
@NullMarked
package io.llmagentos.rl.random;

import org.jspecify.annotations.NullMarked;
