package io.llmagentos.model.nano;

import java.util.List;

/** A labelled request. The values of its slots stand in the text, in order. */
record Example(String text, String intent, List<Slot> slots) {
  /** CLINC150's name for requests out of scope. */
  static final String OUT_OF_SCOPE = "oos";

  Example {
    slots = List.copyOf(slots);
  }

  /** A part of the text, from start (inclusive) to end (exclusive), in characters. */
  record Slot(String name, int start, int end) {}

  String value(Slot slot) {
    return text.substring(slot.start(), slot.end());
  }
}
