package io.llmagentos.model.generation;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A position in a JSON text that follows a schema: what is open, innermost first. Immutable. Bytes are characters 0 to 255, so that texts are UTF-8
 * bytes as Latin-1.
 *
 * @param shortest how many bytes complete the text from here at least
 */
record JsonPosition(JsonPart part, @Nullable JsonPosition rest, int shortest) {
  /** Behind the last byte; also what a whole text leads to. */
  static final JsonPosition END = new JsonPosition(JsonPart.oneOf(List.of()), null, 0);

  static JsonPosition of(JsonPart part, JsonPosition rest) {
    return new JsonPosition(part, rest, part.shortest().length() + rest.shortest);
  }

  /** Behind one more byte; null: it cannot come here. */
  @Nullable
  JsonPosition next(char b) {
    if (rest == null) {
      return null;
    }
    JsonPosition within = part.next(b, rest);
    if (within != null) {
      return within;
    }
    JsonPosition after = part.end(rest);
    return after == null ? null : after.next(b);
  }

  @Nullable
  JsonPosition next(String bytes) {
    JsonPosition position = this;
    for (int i = 0; i < bytes.length() && position != null; i++) {
      position = position.next(bytes.charAt(i));
    }
    return position;
  }

  boolean isEnd() {
    return rest == null;
  }

  /** A shortest way to complete the text. */
  String completion() {
    return rest == null ? "" : part.shortest() + rest.completion();
  }
}
