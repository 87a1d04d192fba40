package io.llmagentos.agent.personal;

import java.util.Locale;
import java.util.Optional;

/** Devices act at once or not at all. */
final class Now {
  private Now() {}

  /** The refusal to act where the request asks for another time than now, or asks how instead of asking to. */
  static Optional<ToolOutcome> refuse(ToolArguments arguments, ToolContext context) {
    TimePhrase when = Times.of(arguments, context);
    boolean later = when.timed()
        || !when.repeat().once()
        || (when.days() != null && when.days().first().isAfter(context.now().toLocalDate()));
    if (later) {
      return Optional.of(ToolOutcome.answer(
          "I can only do that right away, not at another time. Shall I do it now?"));
    }
    return context.request().toLowerCase(Locale.ENGLISH).matches("(?s)how (?:do|can|to|does) .*")
        ? Optional.of(ToolOutcome.answer("Just ask me to do it, and I do it right away."))
        : Optional.empty();
  }
}
