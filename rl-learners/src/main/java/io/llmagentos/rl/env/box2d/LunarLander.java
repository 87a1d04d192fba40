package io.llmagentos.rl.env.box2d;

import com.badlogic.gdx.math.Vector2;
import com.badlogic.gdx.physics.box2d.Body;
import io.llmagentos.rl.env.ArrayEnv;
import io.llmagentos.rl.env.Outcome;
import io.llmagentos.rl.env.Snapshot;
import io.llmagentos.rl.random.Generator;
import io.llmagentos.rl.space.Box;
import io.llmagentos.rl.space.Discrete;
import io.llmagentos.rl.space.Space;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Land on a pad between two flags. Discrete actions: nothing, left engine, main engine, right engine (0..3); continuous ones: throttle of the main engine
 * (on above 0) and of the side engines (on beyond 0.5), each in [-1, 1]. Observation: position, velocity, angle, angular velocity, whether each leg stands.
 * Reward: nearer, slower and more upright is better, legs on the ground 10 each, fuel costs, a crash -100, rest +100. As Gymnasium's LunarLander-v3; the
 * physics are Box2D's and, after contact, chaotic.
 *
 * <p>Holds native memory: close it. A snapshot is the episode's random numbers and actions; restoring one plays them again.
 */
public final class LunarLander<A> implements ArrayEnv<float[], A> {
  /**
   * What a caller may choose.
   *
   * @param gravity in m/s^2, between -12 and 0
   * @param windPower largest force of the wind
   * @param turbulencePower largest torque of the wind
   */
  public record Options(
      double gravity, boolean enableWind, double windPower, double turbulencePower) {}

  private static final double SCALE = LunarScene.SCALE;
  private static final double FPS = 50;
  private static final double INITIAL_FORCE = 1000;
  private static final double MAIN_ENGINE_POWER = 13;
  private static final double MAIN_ENGINE_BELOW = 4 / SCALE;
  private static final double SIDE_ENGINE_POWER = 0.6;
  private static final double SIDE_ENGINE_AWAY = 12 / SCALE;
  private static final double SIDE_ENGINE_HEIGHT = 14 / SCALE;
  private static final double SIDE_ENGINE_OFFSET = 17 / SCALE;
  private static final double PAD = LunarScene.HEIGHT / 4;

  private final Options options;
  private final boolean continuous;
  private final Space<A> actionSpace;
  private final int actionWidth;
  private final Box observationSpace = space();
  private final double[] s = new double[8];
  private final Outcome ignored = new Outcome();
  private @Nullable Generator random;
  private @Nullable LunarScene scene;
  private double shaping;
  private long windIndex;
  private long torqueIndex;
  private byte[] beginning = {};
  private float[] played = new float[64];
  private int steps;

  private LunarLander(Options options, boolean continuous, Space<A> actionSpace) {
    this.options = options;
    this.continuous = continuous;
    this.actionSpace = actionSpace;
    this.actionWidth = actionSpace.width();
  }

  public static LunarLander<Integer> discrete(Options options) {
    return new LunarLander<>(options, false, new Discrete(4));
  }

  public static LunarLander<float[]> continuous(Options options) {
    return new LunarLander<>(options, true, Box.of(-1, 1, 2));
  }

  private static Box space() {
    float turn = (float) (2 * Math.PI);
    return Box.of(
        new float[] {-2.5f, -2.5f, -10, -10, -turn, -10, 0, 0},
        new float[] {2.5f, 2.5f, 10, 10, turn, 10, 1, 1});
  }

  @Override
  public Space<float[]> observationSpace() {
    return observationSpace;
  }

  @Override
  public Space<A> actionSpace() {
    return actionSpace;
  }

  @Override
  public Map<String, Object> reset(long seed, float[] observation, int offset) {
    random = Generator.of(seed);
    return reset(observation, offset);
  }

  @Override
  public Map<String, Object> reset(float[] observation, int offset) {
    Generator draws = random();
    beginning = Snapshot.of(draws::write);
    steps = 0;
    close();
    LunarScene made = new LunarScene(options.gravity(), terrain(draws));
    scene = made;
    made.lander.applyForceToCenter(
        (float) draws.uniform(-INITIAL_FORCE, INITIAL_FORCE),
        (float) draws.uniform(-INITIAL_FORCE, INITIAL_FORCE),
        true);
    if (options.enableWind()) {
      windIndex = draws.integers(-9999, 9999);
      torqueIndex = draws.integers(-9999, 9999);
    }
    made.addLegs();
    shaping = Double.NaN;
    advance(made, new float[2], 0, ignored);
    observe(observation, offset);
    return Map.of();
  }

  private static double[] terrain(Generator draws) {
    int chunks = LunarScene.CHUNKS;
    double[] height = new double[chunks + 1];
    for (int i = 0; i < height.length; i++) {
      height[i] = draws.uniform(0, LunarScene.HEIGHT / 2);
    }
    Arrays.fill(height, chunks / 2 - 2, chunks / 2 + 3, PAD);
    double[] smooth = new double[chunks];
    for (int i = 0; i < chunks; i++) {
      // The point before the first is the last one, as Python's index -1.
      double before = height[i == 0 ? chunks : i - 1];
      smooth[i] = 0.33 * (before + height[i] + height[i + 1]);
    }
    return smooth;
  }

  @Override
  public void step(
      float[] action,
      int actionOffset,
      float[] observation,
      int observationOffset,
      Outcome outcome) {
    LunarScene present = scene;
    if (present == null) {
      throw new IllegalStateException("no episode has begun, or the environment is closed");
    }
    remember(action, actionOffset);
    advance(present, action, actionOffset, outcome);
    observe(observation, observationOffset);
  }

  private void remember(float[] action, int offset) {
    int at = steps * actionWidth;
    if (at + actionWidth > played.length) {
      played = Arrays.copyOf(played, 2 * played.length);
    }
    System.arraycopy(action, offset, played, at, actionWidth);
    steps++;
  }

  private void advance(LunarScene on, float[] action, int offset, Outcome outcome) {
    Body lander = on.lander;
    if (options.enableWind() && !on.grounded(0) && !on.grounded(1)) {
      lander.applyForceToCenter((float) (gust(windIndex++) * options.windPower()), 0, true);
      lander.applyTorque((float) (gust(torqueIndex++) * options.turbulencePower()), true);
    }
    Generator draws = random();
    double first = draws.uniform(-1, 1) / SCALE;
    double second = draws.uniform(-1, 1) / SCALE;
    double sin = Math.sin(lander.getAngle());
    double cos = Math.cos(lander.getAngle());
    double main = mainPower(action, offset);
    if (main > 0) {
      double x = sin * (MAIN_ENGINE_BELOW + 2 * first) - cos * second;
      double y = -cos * (MAIN_ENGINE_BELOW + 2 * first) - sin * second;
      push(lander, x, y, x, y, MAIN_ENGINE_POWER * main);
    }
    double side = sidePower(action, offset);
    if (side != 0) {
      double away = 3 * second + Math.signum(side) * SIDE_ENGINE_AWAY;
      double x = sin * first - cos * away;
      double y = -cos * first - sin * away;
      push(
          lander,
          x,
          y,
          x - sin * SIDE_ENGINE_OFFSET,
          y + cos * SIDE_ENGINE_HEIGHT,
          SIDE_ENGINE_POWER * Math.abs(side));
    }
    on.world.step((float) (1.0 / FPS), 6 * 30, 2 * 30);
    read(on);
    judge(on, main, Math.abs(side), outcome);
  }

  private static double gust(long index) {
    return Math.tanh(Math.sin(0.02 * index) + Math.sin(Math.PI * 0.01 * index));
  }

  /** 0 off, else 0.5 to 1. */
  private double mainPower(float[] action, int offset) {
    if (!continuous) {
      return action[offset] == 2 ? 1 : 0;
    }
    float throttle = Math.clamp(action[offset], -1, 1);
    return throttle > 0 ? (throttle + 1.0f) * 0.5f : 0;
  }

  /** 0 off, else 0.5 to 1 with the sign of the direction. */
  private double sidePower(float[] action, int offset) {
    if (!continuous) {
      return action[offset] == 1 ? -1 : action[offset] == 3 ? 1 : 0;
    }
    float throttle = Math.clamp(action[offset + 1], -1, 1);
    return Math.abs(throttle) > 0.5f ? throttle : 0;
  }

  /** Pushes against (x, y), at a point beside the centre. */
  private static void push(Body lander, double x, double y, double atX, double atY, double power) {
    Vector2 centre = lander.getPosition();
    lander.applyLinearImpulse(
        (float) (-x * power),
        (float) (-y * power),
        (float) (centre.x + atX),
        (float) (centre.y + atY),
        true);
  }

  private void read(LunarScene on) {
    Vector2 position = on.lander.getPosition();
    s[0] = (position.x - LunarScene.WIDTH / 2) / (LunarScene.WIDTH / 2);
    s[1] = (position.y - (PAD + LunarScene.LEG_DOWN)) / (LunarScene.HEIGHT / 2);
    Vector2 velocity = on.lander.getLinearVelocity();
    s[2] = velocity.x * (LunarScene.WIDTH / 2) / FPS;
    s[3] = velocity.y * (LunarScene.HEIGHT / 2) / FPS;
    s[4] = on.lander.getAngle();
    s[5] = 20.0 * on.lander.getAngularVelocity() / FPS;
    s[6] = on.grounded(0) ? 1 : 0;
    s[7] = on.grounded(1) ? 1 : 0;
  }

  private void judge(LunarScene on, double main, double side, Outcome outcome) {
    double before = shaping;
    shaping = -100 * Math.sqrt(s[0] * s[0] + s[1] * s[1])
        - 100 * Math.sqrt(s[2] * s[2] + s[3] * s[3])
        - 100 * Math.abs(s[4])
        + 10 * s[6]
        + 10 * s[7];
    double reward = Double.isNaN(before) ? 0 : shaping - before;
    reward -= main * 0.30;
    reward -= side * 0.03;
    boolean terminated = false;
    if (on.crashed() || Math.abs(s[0]) >= 1) {
      terminated = true;
      reward = -100;
    }
    if (!on.lander.isAwake()) {
      terminated = true;
      reward = 100;
    }
    outcome.set(reward, terminated, false);
  }

  private void observe(float[] observation, int offset) {
    for (int i = 0; i < s.length; i++) {
      observation[offset + i] = (float) s[i];
    }
  }

  private Generator random() {
    Generator present = random;
    if (present == null) {
      present = Generator.ofEntropy();
      random = present;
    }
    return present;
  }

  @Override
  public Optional<byte[]> snapshot() {
    return Optional.of(Snapshot.of(out -> {
      Snapshot.writePart(out, beginning);
      out.writeInt(steps);
      for (int i = 0; i < steps * actionWidth; i++) {
        out.writeFloat(played[i]);
      }
    }));
  }

  @Override
  public void restore(byte[] snapshot) {
    Snapshot.read(snapshot, in -> {
      byte[] begun = Snapshot.readPart(in);
      if (begun.length == 0) {
        close();
        return;
      }
      Snapshot.read(begun, random()::read);
      float[] observation = new float[s.length];
      reset(observation, 0);
      float[] action = new float[actionWidth];
      int count = in.readInt();
      for (int i = 0; i < count; i++) {
        for (int j = 0; j < actionWidth; j++) {
          action[j] = in.readFloat();
        }
        step(action, 0, observation, 0, ignored);
      }
    });
  }

  /** Position and velocity of lander and legs, with their angles. */
  @Override
  public Optional<String> render() {
    LunarScene present = scene;
    if (present == null) {
      return Optional.empty();
    }
    Function<Body, String> describe = body -> String.format(
        java.util.Locale.ROOT,
        "(%.2f, %.2f) %.2f",
        body.getPosition().x,
        body.getPosition().y,
        body.getAngle());
    return Optional.of(String.join(" ", present.bodies().stream().map(describe).toList()) + "\n");
  }

  @Override
  public void close() {
    LunarScene present = scene;
    scene = null;
    if (present != null) {
      present.close();
    }
  }
}
