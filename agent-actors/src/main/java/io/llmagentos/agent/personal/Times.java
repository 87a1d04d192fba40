package io.llmagentos.agent.personal;

import java.util.Optional;
import java.util.stream.Stream;

/** The time that a call is about: its slots first, the principal's own words for what they leave out. */
final class Times {
  private Times() {}

  static TimePhrase of(ToolArguments arguments, ToolContext context) {
    TimePhrase said = Stream.of("time", "date", "timeofday", "general_frequency")
        .map(arguments::text)
        .flatMap(Optional::stream)
        .map(text -> TimePhrases.slot(withNext(text, context.request()), context.now()))
        .reduce(TimePhrase.NOTHING, TimePhrase::or);
    return said.or(TimePhrases.request(context.request(), context.now()));
  }

  /** Slots often leave out the "next" of "next friday". */
  private static String withNext(String slot, String request) {
    return request.contains("next " + slot) ? "next " + slot : slot;
  }
}
