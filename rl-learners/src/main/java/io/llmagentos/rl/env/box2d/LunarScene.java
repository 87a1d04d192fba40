package io.llmagentos.rl.env.box2d;

import com.badlogic.gdx.math.Vector2;
import com.badlogic.gdx.physics.box2d.Body;
import com.badlogic.gdx.physics.box2d.BodyDef;
import com.badlogic.gdx.physics.box2d.BodyDef.BodyType;
import com.badlogic.gdx.physics.box2d.Contact;
import com.badlogic.gdx.physics.box2d.ContactImpulse;
import com.badlogic.gdx.physics.box2d.ContactListener;
import com.badlogic.gdx.physics.box2d.EdgeShape;
import com.badlogic.gdx.physics.box2d.FixtureDef;
import com.badlogic.gdx.physics.box2d.Manifold;
import com.badlogic.gdx.physics.box2d.PolygonShape;
import com.badlogic.gdx.physics.box2d.World;
import com.badlogic.gdx.physics.box2d.joints.RevoluteJointDef;
import com.badlogic.gdx.utils.GdxNativesLoader;
import java.util.List;

/** Moon, lander and legs of one episode in a native Box2D world, which {@link #close} frees. Lengths in metres: pixels / {@link #SCALE}. */
final class LunarScene implements ContactListener, AutoCloseable {
  static final double SCALE = 30;
  static final double WIDTH = 600 / SCALE;
  static final double HEIGHT = 400 / SCALE;
  static final int CHUNKS = 11;
  static final double LEG_DOWN = 18 / SCALE;

  private static final double LEG_AWAY = 20;
  private static final float LEG_SPRING_TORQUE = 40;
  private static final int[] LANDER = {-14, 17, -17, 0, -17, -10, 17, -10, 17, 0, 14, 17};

  static {
    GdxNativesLoader.load();
  }

  final World world;
  final Body lander;
  private final Body[] legs = new Body[2];
  private final boolean[] grounded = new boolean[2];
  private boolean crashed;

  /** @param terrain heights at {@link #CHUNKS} points, from left to right */
  LunarScene(double gravity, double[] terrain) {
    world = new World(new Vector2(0, (float) gravity), true);
    world.setContactListener(this);
    moon(terrain);
    lander = body(BodyType.DynamicBody, WIDTH / 2, HEIGHT, 0);
    PolygonShape hull = new PolygonShape();
    float[] vertices = new float[LANDER.length];
    for (int i = 0; i < vertices.length; i++) {
      vertices[i] = (float) (LANDER[i] / SCALE);
    }
    hull.set(vertices);
    FixtureDef fixture = fixture(0x0010, 5);
    fixture.friction = 0.1f;
    fixture.shape = hull;
    lander.createFixture(fixture);
    hull.dispose();
  }

  /** Adds the legs; the force of the start acts on the lander before. */
  void addLegs() {
    for (int i = 0; i < 2; i++) {
      int side = i == 0 ? -1 : 1;
      legs[i] =
          body(BodyType.DynamicBody, WIDTH / 2 - side * LEG_AWAY / SCALE, HEIGHT, side * 0.05);
      PolygonShape box = new PolygonShape();
      box.setAsBox((float) (2 / SCALE), (float) (8 / SCALE));
      FixtureDef fixture = fixture(0x0020, 1);
      fixture.shape = box;
      legs[i].createFixture(fixture);
      box.dispose();
      RevoluteJointDef joint = new RevoluteJointDef();
      joint.bodyA = lander;
      joint.bodyB = legs[i];
      joint.localAnchorB.set((float) (side * LEG_AWAY / SCALE), (float) LEG_DOWN);
      joint.enableMotor = true;
      joint.enableLimit = true;
      joint.maxMotorTorque = LEG_SPRING_TORQUE;
      joint.motorSpeed = (float) (0.3 * side);
      joint.lowerAngle = (float) (side < 0 ? 0.9 - 0.5 : -0.9);
      joint.upperAngle = (float) (side < 0 ? 0.9 : -0.9 + 0.5);
      world.createJoint(joint);
    }
  }

  private void moon(double[] terrain) {
    Body moon = body(BodyType.StaticBody, 0, 0, 0);
    EdgeShape edge = new EdgeShape();
    edge.set(0, 0, (float) WIDTH, 0);
    moon.createFixture(edge, 0);
    FixtureDef ground = new FixtureDef();
    ground.friction = 0.1f;
    ground.shape = edge;
    for (int i = 0; i < CHUNKS - 1; i++) {
      edge.set((float) chunk(i), (float) terrain[i], (float) chunk(i + 1), (float) terrain[i + 1]);
      moon.createFixture(ground);
    }
    edge.dispose();
  }

  private static double chunk(int i) {
    return WIDTH / (CHUNKS - 1) * i;
  }

  private Body body(BodyType type, double x, double y, double angle) {
    BodyDef definition = new BodyDef();
    definition.type = type;
    definition.position.set((float) x, (float) y);
    definition.angle = (float) angle;
    return world.createBody(definition);
  }

  private static FixtureDef fixture(int category, float density) {
    FixtureDef fixture = new FixtureDef();
    fixture.density = density;
    fixture.filter.categoryBits = (short) category;
    fixture.filter.maskBits = 0x0001; // collides with the ground only
    return fixture;
  }

  boolean crashed() {
    return crashed;
  }

  boolean grounded(int leg) {
    return grounded[leg];
  }

  List<Body> bodies() {
    return List.of(lander, legs[0], legs[1]);
  }

  @Override
  public void beginContact(Contact contact) {
    crashed |= touches(contact, lander);
    for (int i = 0; i < 2; i++) {
      grounded[i] |= touches(contact, legs[i]);
    }
  }

  @Override
  public void endContact(Contact contact) {
    for (int i = 0; i < 2; i++) {
      grounded[i] &= !touches(contact, legs[i]);
    }
  }

  private static boolean touches(Contact contact, Body body) {
    return contact.getFixtureA().getBody().equals(body)
        || contact.getFixtureB().getBody().equals(body);
  }

  @Override
  public void preSolve(Contact contact, Manifold oldManifold) {}

  @Override
  public void postSolve(Contact contact, ContactImpulse impulse) {}

  @Override
  public void close() {
    world.dispose();
  }
}
