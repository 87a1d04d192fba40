package io.llmagentos.rl.policy;

import io.llmagentos.rl.random.Generator;
import java.util.Arrays;
import java.util.List;

/** Where the parameters of some layers lie in a flat vector, what they are called, and how they begin. */
interface Layout {
  /** One after the other, without gaps. */
  List<Segment> segments();

  /** Where the next layers' parameters begin. */
  int end();

  /** Numbers that the last of the layers puts out. */
  int outputWidth();

  void initialise(Generator random, float[] parameters, int at);

  /** Of the tensors that the layers compute with, one after the other. */
  default List<long[]> shapes() {
    return segments().stream()
        .map(segment -> Arrays.stream(segment.shape()).asLongStream().toArray())
        .toList();
  }
}
