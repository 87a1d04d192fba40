package io.llmagentos.rl.env.remote;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.rl.space.Box;
import io.llmagentos.rl.space.Dict;
import io.llmagentos.rl.space.Discrete;
import io.llmagentos.rl.space.MultiBinary;
import io.llmagentos.rl.space.MultiDiscrete;
import io.llmagentos.rl.space.Space;
import io.llmagentos.rl.space.Tuple;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads the description of a space. All that a description can make us allocate is bounded. */
final class SpaceReader {
  /** How many numbers the flat form of a space may have. */
  static final int MAX_FLATDIM = 1 << 22;

  private static final int MAX_DEPTH = 16;
  private static final int MAX_PARTS = 1024;
  private static final int MAX_RANK = 16;

  private final ByteBuffer body;
  private final String name;
  private final List<Space<?>> fundamental = new ArrayList<>();
  private final List<Boolean> ofBytes = new ArrayList<>();
  private int parts;
  private long flatdim;

  /** A space and the form of its values on the wire. */
  record Described(Space<?> space, Layout layout) {}

  private SpaceReader(ByteBuffer body, String name) {
    this.body = body;
    this.name = name;
  }

  /** @param name says in errors which space it is */
  static Described read(ByteBuffer body, String name) throws PeerException {
    SpaceReader reader = new SpaceReader(body, name);
    try {
      Space<?> space = reader.space(0);
      return new Described(space, Layout.of(reader.fundamental, reader.ofBytes));
    } catch (AgentOsException e) {
      throw PeerException.broken("its " + name + " cannot be: " + e.getMessage());
    }
  }

  private Space<?> space(int depth) throws PeerException {
    bound(depth, MAX_DEPTH, "levels");
    bound(++parts, MAX_PARTS, "parts");
    int kind = Wire.u8(body, name);
    return switch (kind) {
      case 1 -> fundamental(box(), false);
      case 2 -> fundamental(box(), true);
      case 3 -> fundamental(discrete(), false);
      case 4 -> fundamental(multiDiscrete(), false);
      case 5 -> fundamental(new MultiBinary(count("n")), false);
      case 6 -> tuple(depth);
      case 7 -> dict(depth);
      default -> throw PeerException.broken("its " + name + " is of the unknown kind " + kind);
    };
  }

  private Space<?> fundamental(Space<?> space, boolean bytes) {
    fundamental.add(space);
    ofBytes.add(bytes);
    return space;
  }

  private Box box() throws PeerException {
    int rank = Wire.u8(body, name);
    bound(rank, MAX_RANK, "dimensions");
    int[] shape = new int[rank];
    long size = 1;
    for (int i = 0; i < rank; i++) {
      shape[i] = positive(Wire.u32(body, name), "a length of the shape");
      size *= shape[i];
      bound(size, MAX_FLATDIM, "numbers");
    }
    flat(size);
    Wire.need(body, size * 8, "the bounds of a Box of " + size + " numbers");
    float[] low = new float[(int) size];
    float[] high = new float[(int) size];
    for (int i = 0; i < size; i++) {
      low[i] = body.getFloat();
    }
    for (int i = 0; i < size; i++) {
      high[i] = body.getFloat();
    }
    return new Box(low, high, shape);
  }

  private Discrete discrete() throws PeerException {
    int n = count("n");
    Wire.need(body, 4, name);
    return new Discrete(n, body.getInt());
  }

  private MultiDiscrete multiDiscrete() throws PeerException {
    int width = positive(Wire.u32(body, name), "the length of nvec");
    Wire.need(body, width * 8L, "a MultiDiscrete of " + width + " numbers");
    int[] nvec = new int[width];
    int[] start = new int[width];
    for (int i = 0; i < width; i++) {
      nvec[i] = count("nvec[" + i + "]");
      start[i] = body.getInt();
    }
    return new MultiDiscrete(nvec, start);
  }

  private Tuple tuple(int depth) throws PeerException {
    int count = Wire.u16(body, name);
    List<Space<?>> spaces = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      spaces.add(space(depth + 1));
    }
    return new Tuple(spaces);
  }

  private Dict dict(int depth) throws PeerException {
    int count = Wire.u16(body, name);
    Map<String, Space<?>> spaces = new LinkedHashMap<>();
    for (int i = 0; i < count; i++) {
      String key = Wire.text(body, name);
      if (spaces.put(key, space(depth + 1)) != null) {
        throw PeerException.broken("its " + name + " has two parts '" + key + "'");
      }
    }
    return new Dict(spaces);
  }

  /** A number of entries of the flat form. */
  private int count(String what) throws PeerException {
    int n = positive(Wire.u32(body, name), what);
    flat(n);
    return n;
  }

  private int positive(long value, String what) throws PeerException {
    if (value < 1) {
      throw PeerException.broken("its " + name + ": " + what + " is 0, must be at least 1");
    }
    bound(value, MAX_FLATDIM, "in " + what);
    return (int) value;
  }

  private void flat(long more) throws PeerException {
    flatdim += more;
    bound(flatdim, MAX_FLATDIM, "numbers in its flat form");
  }

  private void bound(long value, long limit, String what) throws PeerException {
    if (value > limit) {
      throw PeerException.broken(
          "its " + name + " has " + value + " " + what + ", at most " + limit + " are possible");
    }
  }
}
