package io.llmagentos.agent.personal;

/**
 * The lights of one place.
 *
 * @param brightness 1 to 100 percent, also remembered while off
 */
public record Light(boolean on, int brightness, String colour) {
  static final Light OFF = new Light(false, 100, "white");

  public Light {
    if (brightness < 1 || brightness > 100) {
      throw new IllegalArgumentException("brightness " + brightness + " must be 1 to 100 percent");
    }
  }

  Light switched(boolean on) {
    return new Light(on, brightness, colour);
  }

  Light bright(int percent) {
    return new Light(true, Math.clamp(percent, 1, 100), colour);
  }

  Light coloured(String colour) {
    return new Light(true, brightness, colour);
  }
}
