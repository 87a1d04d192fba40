package io.llmagentos.model.tokenizer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Collection;
import java.util.Iterator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** JSON as Python's {@code json.dumps(ensure_ascii=False)} writes it: models were trained on its spaces. */
final class PythonJson {
  private static final ObjectMapper JSON = new ObjectMapper();

  private PythonJson() {}

  /** @param indent spaces per level; 0: one line */
  static String write(@Nullable Object value, int indent) {
    StringBuilder out = new StringBuilder();
    write(value, indent, 0, out);
    return out.toString();
  }

  private static void write(@Nullable Object value, int indent, int level, StringBuilder out) {
    if (value instanceof Map<?, ?> map) {
      writeMap(map, indent, level, out);
    } else if (value instanceof Collection<?> list) {
      writeList(list, indent, level, out);
    } else {
      out.append(value == null ? "null" : scalar(value));
    }
  }

  private static void writeMap(Map<?, ?> map, int indent, int level, StringBuilder out) {
    if (map.isEmpty()) {
      out.append("{}");
      return;
    }
    out.append('{');
    Iterator<? extends Map.Entry<?, ?>> entries = map.entrySet().iterator();
    while (entries.hasNext()) {
      Map.Entry<?, ?> entry = entries.next();
      newLine(indent, level + 1, out);
      out.append(scalar(String.valueOf(entry.getKey()))).append(": ");
      write(entry.getValue(), indent, level + 1, out);
      separator(entries.hasNext(), indent, out);
    }
    newLine(indent, level, out);
    out.append('}');
  }

  private static void writeList(Collection<?> list, int indent, int level, StringBuilder out) {
    if (list.isEmpty()) {
      out.append("[]");
      return;
    }
    out.append('[');
    Iterator<?> items = list.iterator();
    while (items.hasNext()) {
      newLine(indent, level + 1, out);
      write(items.next(), indent, level + 1, out);
      separator(items.hasNext(), indent, out);
    }
    newLine(indent, level, out);
    out.append(']');
  }

  private static void newLine(int indent, int level, StringBuilder out) {
    if (indent > 0) {
      out.append('\n').repeat(' ', indent * level);
    }
  }

  private static void separator(boolean more, int indent, StringBuilder out) {
    if (more) {
      out.append(indent > 0 ? "," : ", ");
    }
  }

  private static String scalar(Object value) {
    try {
      return JSON.writeValueAsString(value instanceof CharSequence ? value.toString() : value);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
