package io.llmagentos.model.generation;

import java.util.List;

/** Lets text through up to the first stop text, wherever the borders of its pieces are: what might be the beginning of one waits. Not thread-safe. */
final class StopText {
  private final List<String> stops;
  private final StringBuilder waiting = new StringBuilder();
  private boolean stopped;

  StopText(List<String> stops) {
    this.stops = stops.stream().filter(stop -> !stop.isEmpty()).toList();
  }

  /** What can be said now. */
  String add(String text) {
    if (stopped || text.isEmpty()) {
      return "";
    }
    if (stops.isEmpty()) {
      return text;
    }
    waiting.append(text);
    int first = stops.stream()
        .mapToInt(waiting::indexOf)
        .filter(index -> index >= 0)
        .min()
        .orElse(-1);
    if (first >= 0) {
      stopped = true;
      return take(first);
    }
    return take(waiting.length() - longestBeginning());
  }

  /** What waited, when nothing more comes. */
  String finish() {
    return stopped ? "" : take(waiting.length());
  }

  boolean isStopped() {
    return stopped;
  }

  private String take(int length) {
    String text = waiting.substring(0, length);
    waiting.delete(0, length);
    return text;
  }

  /** Length of the longest end of the waiting text that begins a stop text. */
  private int longestBeginning() {
    int longest = 0;
    for (String stop : stops) {
      for (int n = Math.min(stop.length() - 1, waiting.length()); n > longest; n--) {
        if (stop.startsWith(waiting.substring(waiting.length() - n))) {
          longest = n;
        }
      }
    }
    return longest;
  }
}
