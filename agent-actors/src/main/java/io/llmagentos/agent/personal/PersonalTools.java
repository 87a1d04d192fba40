package io.llmagentos.agent.personal;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** The tools of a personal assistant. */
public final class PersonalTools {
  /** What takes back what another has done with the same arguments. */
  private static final Map<String, String> UNDO =
      Map.of("alarm_set", "alarm_remove", "calendar_set", "calendar_remove");

  private static final Set<String> TELLS = Set.of(
      "alarm_query",
      "calendar_query",
      "lists_query",
      "datetime_query",
      "datetime_convert",
      "qa_maths");

  private PersonalTools() {}

  /** The tool that takes back what a standard tool has done, with the same arguments; empty: none does. */
  public static Optional<String> undo(String tool) {
    return Optional.ofNullable(UNDO.get(tool));
  }

  /** Whether a standard tool only tells something. */
  public static boolean tells(String tool) {
    return TELLS.contains(tool);
  }

  /** Alarms, calendar, lists, devices at home, dates and times, arithmetic; named after the intents of the HWU64 data set, taking its slots. */
  public static List<PersonalTool> standard() {
    return Stream.of(
            AlarmTools.tools(),
            CalendarTools.tools(),
            ListTools.tools(),
            LightTools.tools(),
            DeviceTools.tools(),
            DateTimeTools.tools(),
            MathsTool.tools())
        .flatMap(List::stream)
        .toList();
  }
}
