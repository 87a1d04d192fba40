package io.llmagentos.rl.space;

import io.llmagentos.rl.random.Generator;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What an observation or an action may be, as {@code gymnasium.spaces}. Immutable; two spaces with the same values are equal.
 *
 * <p>A value has two forms as an array of floats. <b>Flat</b> ({@link #flatdim} numbers) is Gymnasium's {@code flatten}: what a network reads; a number
 * out of n is one-hot. <b>Encoded</b> ({@link #width} numbers) is the value as it is: what an action buffer holds; a number out of n is itself.
 * Integers up to 2^24 are exact in both.
 *
 * @param <T> the values: {@code float[]}, {@code Integer}, {@code int[]}, {@code byte[]}, {@code List<Object>} or {@code Map<String, Object>}; arrays
 *     belong to whoever asked for them
 */
public sealed interface Space<T> permits Box, Discrete, MultiDiscrete, MultiBinary, Tuple, Dict {
  /** A random value, as Gymnasium draws it. The parts of a {@link Tuple} or {@link Dict} are drawn from the one generator in order. */
  T sample(Generator random);

  /** Whether {@code value} has this space's type, shape and range. NaN is in no space. */
  boolean contains(@Nullable Object value);

  /** How many numbers the flat form has. */
  int flatdim();

  /** Writes the flat form of {@code value} at {@code offset}. */
  void flatten(T value, float[] out, int offset);

  /** The value whose flat form lies at {@code offset}. */
  T unflatten(float[] flat, int offset);

  /** How many numbers the encoded form has. */
  int width();

  /** Writes the encoded form of {@code value} at {@code offset}. */
  void encode(T value, float[] out, int offset);

  /** The value whose encoded form lies at {@code offset}; it need not be in this space. */
  T decode(float[] encoded, int offset);

  default float[] flatten(T value) {
    float[] out = new float[flatdim()];
    flatten(value, out, 0);
    return out;
  }

  default T unflatten(float[] flat) {
    return unflatten(flat, 0);
  }

  /** The samples of Gymnasium's {@code space.seed(seed); space.sample(); ...}: every part of a {@link Tuple} or {@link Dict} has its own stream. */
  default Supplier<T> sampler(long seed) {
    Generator random = Generator.of(seed);
    return () -> sample(random);
  }
}
