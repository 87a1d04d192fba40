package io.llmagentos.rl.algorithm;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.rl.env.VectorEnv;
import io.llmagentos.rl.env.registration.EnvRegistry;
import io.llmagentos.rl.space.Box;
import io.llmagentos.rl.space.Space;
import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.List;

/** A policy out of a checkpoint: greedy actions for observations in the environment's own form. Thread-safe. */
public final class TrainedPolicy {
  private final Algorithm algorithm;
  private final Space<?> observationSpace;
  private final Space<?> actionSpace;

  private TrainedPolicy(Algorithm algorithm, Space<?> observationSpace, Space<?> actionSpace) {
    this.algorithm = algorithm;
    this.observationSpace = observationSpace;
    this.actionSpace = actionSpace;
  }

  /** @param checkpoint what {@link Algorithm#state} gave */
  public static TrainedPolicy load(
      AlgorithmConfig<?> config, EnvRegistry environments, byte[] checkpoint) {
    Algorithm algorithm = config.build(environments, () -> 0);
    algorithm.restore(checkpoint);
    try (VectorEnv env = config.newVectorEnv(environments, 1)) {
      return new TrainedPolicy(algorithm, env.observationSpace(), env.actionSpace());
    }
  }

  /** Numbers that it remembers of an episode; 0: nothing. */
  public int stateWidth() {
    return algorithm.stateWidth();
  }

  /**
   * What {@link #action} takes.
   *
   * @param numbers {@link #stateWidth} of them, as JSON gives them
   * @throws AgentOsException {@code INVALID_REQUEST} for anything else
   */
  public float[] state(Object numbers) {
    return numbers(numbers, stateWidth(), "a state", "state_in");
  }

  /**
   * @param observation numbers and lists of numbers, as JSON gives them
   * @param state what it remembers, zeros at the beginning of an episode; becomes what it remembers next
   * @return a number or a list of numbers
   * @throws AgentOsException {@code INVALID_REQUEST} for one that is not in the observation space
   */
  public Object action(Object observation, float[] state) {
    float[] flat = observationSpace instanceof Box box
        ? numbers(observation, box.flatdim(), "an observation", "observations")
        : other(observation);
    float[] encoded;
    synchronized (algorithm) {
      encoded = algorithm.computeSingleAction(flat, state);
    }
    return json(actionSpace.decode(encoded, 0));
  }

  private static float[] numbers(Object value, int count, String what, String param) {
    List<Float> numbers = new ArrayList<>();
    collect(value, numbers, what, param);
    if (numbers.size() != count) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          what + " has " + numbers.size() + " numbers, must have " + count,
          param);
    }
    float[] flat = new float[numbers.size()];
    for (int i = 0; i < flat.length; i++) {
      flat[i] = numbers.get(i);
    }
    return flat;
  }

  private float[] other(Object observation) {
    Object value = observation;
    if (observation instanceof List<?> list && list.stream().allMatch(Integer.class::isInstance)) {
      value = list.stream().mapToInt(each -> (Integer) each).toArray();
    }
    if (!observationSpace.contains(value)) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          "the observation " + observation + " is not in " + observationSpace,
          "observations");
    }
    return flat(observationSpace, value);
  }

  @SuppressWarnings("unchecked") // the space contains the value
  private static <T> float[] flat(Space<T> space, Object value) {
    return space.flatten((T) value);
  }

  private static void collect(Object value, List<Float> numbers, String what, String param) {
    if (value instanceof Number number) {
      if (!Float.isFinite(number.floatValue())) {
        throw new AgentOsException(
            ErrorCode.INVALID_REQUEST,
            what + "'s numbers must be finite floats, one is " + number,
            param);
      }
      numbers.add(number.floatValue());
    } else if (value instanceof List<?> list) {
      list.forEach(each -> collect(each, numbers, what, param));
    } else {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          what + " is made of numbers and lists, this has " + value,
          param);
    }
  }

  private static Object json(Object value) {
    if (!value.getClass().isArray()) {
      return value;
    }
    List<Object> list = new ArrayList<>();
    for (int i = 0; i < Array.getLength(value); i++) {
      list.add(Array.get(value, i));
    }
    return list;
  }
}
