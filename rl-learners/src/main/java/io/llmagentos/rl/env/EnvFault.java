package io.llmagentos.rl.env;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.rl.space.Space;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** What goes wrong between an environment and whoever steps it. Every text begins with the environment's id. */
public final class EnvFault {
  private EnvFault() {}

  /** The caller's fault. */
  public static AgentOsException actionOutside(String id, Space<?> space, @Nullable Object action) {
    return new AgentOsException(
        ErrorCode.INVALID_REQUEST,
        id + ": the action " + text(action) + " is outside " + space,
        "action");
  }

  /** The caller's fault. */
  public static AgentOsException stepWithoutReset(String id, String why) {
    return new AgentOsException(
        ErrorCode.CONFLICT, id + ": step without reset: " + why + "; call reset first");
  }

  /** The environment's fault. */
  public static AgentOsException observationOutside(
      String id, Space<?> space, @Nullable Object observation) {
    return new AgentOsException(
        ErrorCode.ENVIRONMENT_FAILED,
        id + ": the observation " + text(observation) + " is outside its declared space " + space);
  }

  /** The environment's fault. */
  public static AgentOsException rewardNotFinite(String id, double reward) {
    return new AgentOsException(
        ErrorCode.ENVIRONMENT_FAILED, id + ": the reward is " + reward + ", must be finite");
  }

  /** The environment's fault. */
  public static AgentOsException broken(String id, String what) {
    return new AgentOsException(ErrorCode.ENVIRONMENT_FAILED, id + ": " + what);
  }

  /** The environment's fault, unless it says itself whose. */
  public static AgentOsException threw(String id, String method, RuntimeException thrown) {
    return thrown instanceof AgentOsException typed
        ? typed
        : new AgentOsException(
            ErrorCode.ENVIRONMENT_FAILED, id + ": " + method + " threw " + thrown, null, thrown);
  }

  static String text(@Nullable Object value) {
    if (value instanceof float[] array) {
      return Arrays.toString(array);
    }
    if (value instanceof int[] array) {
      return Arrays.toString(array);
    }
    if (value instanceof byte[] array) {
      return Arrays.toString(array);
    }
    return String.valueOf(value);
  }
}
