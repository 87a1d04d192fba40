package io.llmagentos.model.training.data;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A request and what it calls, as a row of JSON lines says it, in one of two forms; {@code set} may be absent in both.
 *
 * <pre>
 * {"text": "book the attic for friday", "call": {"name": "book_room", "arguments": {"room": "attic", "date": "friday"}}, "set": "tools"}
 * {"text": "book the attic for friday", "intent": "book_room", "slots": [{"name": "room", "start": 9, "end": 14}]}
 * </pre>
 *
 * A call of null, or the intent {@code oos} (CLINC150's word), calls nothing. Values stand word for word in the text.
 *
 * @param set of functions that the request is made to
 * @param function empty: nothing serves the request
 * @param slots in the order of the text
 * @param functionOnly whether nothing is known of the slots
 */
public record LabelledRequest(
    String set, String text, Optional<String> function, List<Slot> slots, boolean functionOnly) {
  /** The set of rows that name none. */
  public static final String DEFAULT_SET = "tools";

  private static final String OUT_OF_SCOPE = "oos";

  public LabelledRequest {
    slots = List.copyOf(slots);
  }

  /** A part of the text, from start (inclusive) to end (exclusive), in chars. */
  public record Slot(String name, int start, int end) {}

  static LabelledRequest of(Row row) {
    JsonNode json = row.object().json();
    String text = json.path("text").asText().strip();
    if (text.isEmpty()) {
      throw row.invalid("has no text", "train_file");
    }
    boolean functionOnly = json.path("function_only").asBoolean();
    String set = json.path("set").asText(DEFAULT_SET);
    JsonNode call = json.path("call");
    JsonNode intent = json.path("intent");
    if (intent.isTextual()) {
      int shift = json.path("text").asText().indexOf(text);
      return new LabelledRequest(
          set,
          text,
          Optional.of(intent.asText()).filter(name -> !name.equals(OUT_OF_SCOPE)),
          slots(row, text, shift, json.path("slots")),
          functionOnly);
    }
    if (call.isNull()) {
      return new LabelledRequest(set, text, Optional.empty(), List.of(), functionOnly);
    }
    if (!call.path("name").isTextual()) {
      throw row.invalid(
          "has neither call (null, or an object with name and arguments) nor intent", "train_file");
    }
    return new LabelledRequest(
        set,
        text,
        Optional.of(call.path("name").asText()),
        slots(row, text, call.path("arguments")),
        functionOnly);
  }

  private static List<Slot> slots(Row row, String text, int shift, JsonNode given) {
    List<Slot> slots = new ArrayList<>();
    for (JsonNode slot : given) {
      int start = slot.path("start").asInt(-1) - shift;
      int end = slot.path("end").asInt(-1) - shift;
      if (start < 0 || end <= start || end > text.length()) {
        throw row.invalid(
            "has slot " + slot.path("name").asText() + " from " + start + " to " + end
                + ", which is no part of the " + text.length() + " characters of its text",
            "train_file");
      }
      slots.add(new Slot(slot.path("name").asText(), start, end));
    }
    slots.sort(Comparator.comparingInt(Slot::start));
    return slots;
  }

  /** Where each value stands first, behind no value that stands there already. */
  private static List<Slot> slots(Row row, String text, JsonNode arguments) {
    List<Slot> slots = new ArrayList<>();
    for (Map.Entry<String, JsonNode> argument : arguments.properties()) {
      String value = argument.getValue().asText().strip();
      int at = place(text, value, slots);
      if (value.isEmpty() || at < 0) {
        throw row.invalid(
            "has for argument " + argument.getKey() + " the value '" + value
                + "', which does not stand word for word in its text",
            "train_file");
      }
      slots.add(new Slot(argument.getKey(), at, at + value.length()));
    }
    slots.sort(Comparator.comparingInt(Slot::start));
    return slots;
  }

  private static int place(String text, String value, List<Slot> taken) {
    for (int at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + 1)) {
      int from = at;
      int to = at + value.length();
      boolean whole = (from == 0 || !Character.isLetterOrDigit(text.charAt(from - 1)))
          && (to == text.length() || !Character.isLetterOrDigit(text.charAt(to)));
      if (whole && taken.stream().allMatch(slot -> slot.end() <= from || slot.start() >= to)) {
        return at;
      }
    }
    return -1;
  }
}
