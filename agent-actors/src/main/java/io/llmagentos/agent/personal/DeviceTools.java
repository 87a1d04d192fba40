package io.llmagentos.agent.personal;

import io.llmagentos.agent.personal.DeviceEvent.CleaningStarted;
import io.llmagentos.agent.personal.DeviceEvent.CleaningStopped;
import io.llmagentos.agent.personal.DeviceEvent.CoffeeStarted;
import io.llmagentos.agent.personal.DeviceEvent.PlugSwitched;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Smart plugs, the coffee machine and the vacuum cleaner. */
final class DeviceTools {
  private DeviceTools() {}

  static List<PersonalTool> tools() {
    return List.of(
        FunctionTool.of(
            "iot_wemo_on",
            "Turns a smart plug on.",
            (a, c) -> plug(a, c, true),
            "device_type",
            "house_place",
            "time"),
        FunctionTool.of(
            "iot_wemo_off",
            "Turns a smart plug off.",
            (a, c) -> plug(a, c, false),
            "device_type",
            "house_place",
            "time"),
        FunctionTool.of(
            "iot_coffee",
            "Makes coffee with the coffee machine.",
            DeviceTools::coffee,
            "coffee_type",
            "device_type",
            "time",
            "date",
            "timeofday",
            "business_name"),
        FunctionTool.of(
            "iot_cleaning",
            "Starts or stops the robot vacuum cleaner.",
            DeviceTools::clean,
            "house_place",
            "device_type",
            "time",
            "date",
            "general_frequency"));
  }

  private static ToolOutcome plug(ToolArguments arguments, ToolContext context, boolean on) {
    Optional<ToolOutcome> refused = Now.refuse(arguments, context);
    if (refused.isPresent()) {
      return refused.get();
    }
    String place = slot(arguments, "house_place");
    String device = slot(arguments, "device_type");
    String name = (device.contains(place)
            ? device
            : place + " " + (device.isEmpty() ? "plug" : device))
        .strip();
    String plug = name.isEmpty() ? "smart plug" : name;
    boolean already =
        Boolean.valueOf(on).equals(context.state().devices().plugs().get(plug));
    String answer = "The " + plug + " is " + (already ? "already " : "") + (on ? "on." : "off.");
    return new ToolOutcome(already ? List.of() : List.of(new PlugSwitched(plug, on)), answer);
  }

  private static ToolOutcome coffee(ToolArguments arguments, ToolContext context) {
    Optional<String> business = arguments.text("business_name");
    if (business.isPresent()) {
      return ToolOutcome.answer("I can't order from " + business.get()
          + ", only start the coffee machine at home. Shall I do that?");
    }
    Optional<ToolOutcome> refused = Now.refuse(arguments, context);
    if (refused.isPresent()) {
      return refused.get();
    }
    String kind = slot(arguments, "coffee_type");
    return new ToolOutcome(
        List.of(new CoffeeStarted(kind, context.now().toInstant())),
        kind.isEmpty()
            ? "The coffee machine is making your coffee."
            : "The coffee machine is making your coffee: " + kind + ".");
  }

  private static ToolOutcome clean(ToolArguments arguments, ToolContext context) {
    Optional<ToolOutcome> refused = Now.refuse(arguments, context);
    if (refused.isPresent()) {
      return refused.get();
    }
    boolean running = context.state().devices().cleaning();
    String request = context.request().toLowerCase(Locale.ENGLISH);
    if (request.length() < 500
        && request.matches(".*\\b(?:stop|turn off|switch off|pause|off)\\b.*")) {
      return running
          ? new ToolOutcome(
              List.of(new CleaningStopped(context.now().toInstant())),
              "The vacuum cleaner has stopped.")
          : ToolOutcome.answer("The vacuum cleaner is not running.");
    } else if (request.matches("(?:is|does|did|has) .*")) {
      return ToolOutcome.answer("The vacuum cleaner is " + (running ? "running." : "not running."));
    }
    String place = slot(arguments, "house_place");
    return new ToolOutcome(
        List.of(new CleaningStarted(place, context.now().toInstant())),
        "The vacuum cleaner is cleaning"
            + (place.isEmpty() ? "." : " the " + place.replaceFirst("^(?:the|my) ", "") + "."));
  }

  private static String slot(ToolArguments arguments, String name) {
    return arguments
        .text(name)
        .filter(text -> text.length() <= 60)
        .orElse("")
        .toLowerCase(Locale.ENGLISH);
  }
}
