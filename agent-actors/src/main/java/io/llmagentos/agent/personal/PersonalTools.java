package io.llmagentos.agent.personal;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The tools of a personal assistant. */
public final class PersonalTools {
  private static final Map<String, PersonalTool> BY_NAME = standard().stream()
      .collect(Collectors.toMap(tool -> tool.specification().name(), Function.identity()));

  private PersonalTools() {}

  /** The standard tool with a name. */
  public static Optional<PersonalTool> named(String name) {
    return Optional.ofNullable(BY_NAME.get(name));
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
