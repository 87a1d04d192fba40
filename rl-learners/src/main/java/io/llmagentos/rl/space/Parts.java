package io.llmagentos.rl.space;

import io.llmagentos.rl.random.Generator;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;

/** The parts of a composite space. */
final class Parts {
  private Parts() {}

  /** A part whose values are only known as objects; a value of another type is a {@code ClassCastException}. */
  @SuppressWarnings("unchecked")
  static Space<Object> of(Space<?> space) {
    return (Space<Object>) space;
  }

  /** One stream a part, seeded by draws of the whole's generator, as Gymnasium seeds them. */
  static List<Supplier<?>> samplers(Collection<Space<?>> spaces, long seed) {
    Generator random = Generator.of(seed);
    List<Supplier<?>> samplers = new ArrayList<>();
    for (Space<?> space : spaces) {
      samplers.add(space.sampler(random.integers(Integer.MAX_VALUE)));
    }
    return samplers;
  }
}
