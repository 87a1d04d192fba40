package io.llmagentos.agent.personal;

import java.util.List;
import java.util.stream.Stream;

/** The tools of a personal assistant. */
public final class PersonalTools {
  private PersonalTools() {}

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
