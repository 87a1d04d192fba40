package io.llmagentos.model.generation;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A piece of JSON text that is open at a {@link JsonPosition}. Immutable. */
sealed interface JsonPart {
  /** Take a byte; null: it does not belong to this part here. */
  @Nullable
  JsonPosition next(char b, JsonPosition rest);

  /** What follows when the part ends here without another byte; null: it cannot. */
  default @Nullable JsonPosition end(JsonPosition rest) {
    return null;
  }

  /** The shortest bytes that complete it. */
  String shortest();

  static JsonPart text(String text, JsonPart... then) {
    return new Literal(List.of(new Branch(text, List.of(then))), 0);
  }

  static JsonPart oneOf(List<Branch> branches) {
    return new Literal(branches, 0);
  }

  /** At most one space or line break. */
  static JsonPart space() {
    return new Space();
  }

  static JsonPart string() {
    return text("\"", StringBody.PLAIN);
  }

  static JsonPart numeral(boolean integer) {
    return new Numeral(Numeral.Place.START, integer, 0);
  }

  static String bytes(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
  }

  private static JsonPosition push(List<JsonPart> parts, JsonPosition rest) {
    JsonPosition position = rest;
    for (JsonPart part : parts.reversed()) {
      position = JsonPosition.of(part, position);
    }
    return position;
  }

  /** A fixed text, and what follows it. */
  record Branch(String text, List<JsonPart> then) {
    String shortest(int from) {
      StringBuilder all = new StringBuilder(text.substring(from));
      then.forEach(part -> all.append(part.shortest()));
      return all.toString();
    }
  }

  /** One of some fixed texts; {@code at} bytes of it have come. */
  record Literal(List<Branch> branches, int at) implements JsonPart {
    @Override
    public @Nullable JsonPosition next(char b, JsonPosition rest) {
      List<Branch> left = new ArrayList<>();
      for (Branch branch : branches) {
        if (branch.text.length() > at && branch.text.charAt(at) == b) {
          left.add(branch);
        }
      }
      if (left.isEmpty()) {
        return null;
      }
      boolean whole = left.size() == 1 && left.getFirst().text.length() == at + 1;
      return whole
          ? push(left.getFirst().then, rest)
          : JsonPosition.of(new Literal(List.copyOf(left), at + 1), rest);
    }

    @Override
    public @Nullable JsonPosition end(JsonPosition rest) {
      for (Branch branch : branches) {
        if (branch.text.length() == at) {
          return push(branch.then, rest);
        }
      }
      return null;
    }

    @Override
    public String shortest() {
      return branches.stream()
          .map(branch -> branch.shortest(at))
          .min(Comparator.comparingInt(String::length))
          .orElse("");
    }
  }

  /** At most one space or line break. */
  record Space() implements JsonPart {
    @Override
    public @Nullable JsonPosition next(char b, JsonPosition rest) {
      return b == ' ' || b == '\n' ? rest : null;
    }

    @Override
    public JsonPosition end(JsonPosition rest) {
      return rest;
    }

    @Override
    public String shortest() {
      return "";
    }
  }

  /**
   * A string behind its opening quote, in valid UTF-8.
   *
   * @param missing bytes that complete the current character, the next one from {@code low} to {@code high}
   */
  record StringBody(int missing, int low, int high, boolean escaped) implements JsonPart {
    private static final StringBody PLAIN = new StringBody(0, 0x80, 0xBF, false);
    private static final StringBody ESCAPED = new StringBody(0, 0x80, 0xBF, true);

    @Override
    public @Nullable JsonPosition next(char b, JsonPosition rest) {
      if (escaped) {
        return "\"\\/bfnrt".indexOf(b) >= 0 ? JsonPosition.of(PLAIN, rest) : null;
      }
      if (missing > 0) {
        return b >= low && b <= high
            ? JsonPosition.of(new StringBody(missing - 1, 0x80, 0xBF, false), rest)
            : null;
      }
      if (b == '"') {
        return rest;
      }
      StringBody next = first(b);
      return next == null ? null : JsonPosition.of(next, rest);
    }

    private static @Nullable StringBody first(char b) {
      if (b == '\\') {
        return ESCAPED;
      } else if (b >= 0x20 && b < 0x7F) {
        return PLAIN;
      } else if (b >= 0xC2 && b <= 0xDF) {
        return new StringBody(1, 0x80, 0xBF, false);
      } else if (b >= 0xE0 && b <= 0xEF) {
        return new StringBody(2, b == 0xE0 ? 0xA0 : 0x80, b == 0xED ? 0x9F : 0xBF, false);
      } else if (b >= 0xF0 && b <= 0xF4) {
        return new StringBody(3, b == 0xF0 ? 0x90 : 0x80, b == 0xF4 ? 0x8F : 0xBF, false);
      }
      return null;
    }

    @Override
    public String shortest() {
      if (escaped) {
        return "n\"";
      }
      StringBuilder bytes = new StringBuilder();
      for (int i = 0; i < missing; i++) {
        bytes.append((char) (i == 0 ? low : 0x80));
      }
      return bytes.append('"').toString();
    }
  }

  /** A number, without an exponent. */
  record Numeral(Place place, boolean integer, int digits) implements JsonPart {
    private static final int MAX_DIGITS = 15;

    enum Place {
      START,
      SIGN,
      ZERO,
      WHOLE,
      POINT,
      FRACTION
    }

    @Override
    public @Nullable JsonPosition next(char b, JsonPosition rest) {
      Place next = after(b, b >= '0' && b <= '9');
      return next == null || digits >= MAX_DIGITS
          ? null
          : JsonPosition.of(new Numeral(next, integer, digits + 1), rest);
    }

    private @Nullable Place after(char b, boolean digit) {
      boolean point = b == '.' && !integer && digits < MAX_DIGITS - 1;
      return switch (place) {
        case START -> b == '-' ? Place.SIGN : whole(b, digit);
        case SIGN -> whole(b, digit);
        case ZERO -> point ? Place.POINT : null;
        case WHOLE -> digit ? Place.WHOLE : point ? Place.POINT : null;
        case POINT, FRACTION -> digit ? Place.FRACTION : null;
      };
    }

    private static @Nullable Place whole(char b, boolean digit) {
      return b == '0' ? Place.ZERO : digit ? Place.WHOLE : null;
    }

    @Override
    public @Nullable JsonPosition end(JsonPosition rest) {
      return place == Place.ZERO || place == Place.WHOLE || place == Place.FRACTION ? rest : null;
    }

    @Override
    public String shortest() {
      return place == Place.ZERO || place == Place.WHOLE || place == Place.FRACTION ? "" : "0";
    }
  }

  /** Whichever of some values the first byte begins. */
  record AnyOf(List<JsonPart> parts) implements JsonPart {
    @Override
    public @Nullable JsonPosition next(char b, JsonPosition rest) {
      for (JsonPart part : parts) {
        JsonPosition next = part.next(b, rest);
        if (next != null) {
          return next;
        }
      }
      return null;
    }

    @Override
    public String shortest() {
      return parts.stream()
          .map(JsonPart::shortest)
          .min(Comparator.comparingInt(String::length))
          .orElse("null");
    }
  }

  /** Any JSON value, at most {@code depth} levels deep. */
  record AnyValue(int depth) implements JsonPart {
    @Override
    public @Nullable JsonPosition next(char b, JsonPosition rest) {
      List<JsonPart> parts = new ArrayList<>(
          List.of(string(), numeral(false), text("true"), text("false"), text("null")));
      if (depth > 0) {
        JsonPart inner = new AnyValue(depth - 1);
        parts.add(JsonSchemaParts.array(inner, 0, JsonSchemaParts.MAX_ITEMS));
        parts.add(text("{", new OpenObject(inner, 0, true)));
      }
      return new AnyOf(parts).next(b, rest);
    }

    @Override
    public String shortest() {
      return "0";
    }
  }

  /** An array behind {@code [} or behind an item. */
  record ArrayBody(JsonPart item, int count, int min, int max) implements JsonPart {
    @Override
    public @Nullable JsonPosition next(char b, JsonPosition rest) {
      if (b == ']' && count >= min) {
        return rest;
      }
      if (count >= max) {
        return null;
      }
      ArrayBody after = new ArrayBody(item, count + 1, min, max);
      if (count == 0) {
        return item.next(b, JsonPosition.of(after, rest));
      }
      return b == ',' ? push(List.of(space(), item, after), rest) : null;
    }

    @Override
    public String shortest() {
      StringBuilder bytes = new StringBuilder();
      for (int i = count; i < min; i++) {
        bytes.append(i == 0 ? "" : ",").append(item.shortest());
      }
      return bytes.append(']').toString();
    }
  }

  /** An object of any members, behind <code>{</code> or behind a member. */
  record OpenObject(JsonPart value, int count, boolean first) implements JsonPart {
    @Override
    public @Nullable JsonPosition next(char b, JsonPosition rest) {
      if (b == '}') {
        return rest;
      }
      if (count >= JsonSchemaParts.MAX_ITEMS) {
        return null;
      }
      List<JsonPart> member =
          List.of(string(), text(":"), space(), value, new OpenObject(value, count + 1, false));
      if (first) {
        return string().next(b, push(member.subList(1, member.size()), rest));
      }
      return b == ',' ? JsonPosition.of(space(), push(member, rest)) : null;
    }

    @Override
    public String shortest() {
      return "}";
    }
  }

  /** An object of known members, behind <code>{</code> or behind a member; {@code used} has a bit per member that came. */
  record ObjectBody(JsonSchemaParts.Members members, long used) implements JsonPart {
    @Override
    public @Nullable JsonPosition next(char b, JsonPosition rest) {
      if (b == '}' && members.isComplete(used)) {
        return rest;
      }
      List<Branch> left = members.left(used);
      if (left.isEmpty()) {
        return null;
      }
      if (used == 0) {
        return oneOf(left).next(b, rest);
      }
      return b == ',' ? push(List.of(space(), oneOf(left)), rest) : null;
    }

    @Override
    public String shortest() {
      return members.shortest(used);
    }
  }
}
