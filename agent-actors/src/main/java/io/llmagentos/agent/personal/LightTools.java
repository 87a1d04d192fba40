package io.llmagentos.agent.personal;

import io.llmagentos.agent.personal.DeviceEvent.LightChanged;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Switches, dims and colours the lights, by place. */
final class LightTools {
  private static final int STEP = 20; // percent, where the request does not say how much
  private static final Pattern PLACE = Pattern.compile(
      "\\b(kitchen|living room|bed ?room|bath ?room|dining (?:room|area)|hall(?:way)?|garage|porch|patio|balcony|office|study(?: room)?|basement|attic|garden|stairs|upstairs|downstairs|outdoor|corner|nursery|corridor)s?\\b");
  private static final Pattern COLOUR = Pattern.compile(
      "\\b((?:(?:light|dark|dull|warm|cool|bright|deep|neon|hot) )?(?:red|green|blue|yellow|white|orange|purple|pink|violet|turquoise|cyan|magenta|gold|golden|amber|indigo|lavender|teal|brown|peach|lime|maroon|crimson))\\b");
  private static final Pattern PERCENT = Pattern.compile("(\\bby )?\\b(\\d{1,3}) ?(?:%|percent)");

  private LightTools() {}

  static List<PersonalTool> tools() {
    return List.of(
        FunctionTool.of(
            "iot_hue_lighton",
            "Turns lights on.",
            (a, c) -> change(a, c, "lighton"),
            "house_place",
            "device_type",
            "time"),
        FunctionTool.of(
            "iot_hue_lightoff",
            "Turns lights off.",
            (a, c) -> change(a, c, "lightoff"),
            "house_place",
            "device_type",
            "time"),
        FunctionTool.of(
            "iot_hue_lightup",
            "Makes lights brighter.",
            (a, c) -> change(a, c, "lightup"),
            "house_place",
            "device_type",
            "change_amount"),
        FunctionTool.of(
            "iot_hue_lightdim",
            "Makes lights darker.",
            (a, c) -> change(a, c, "lightdim"),
            "house_place",
            "device_type",
            "change_amount"),
        FunctionTool.of(
            "iot_hue_lightchange",
            "Changes the colour of lights.",
            (a, c) -> change(a, c, "lightchange"),
            "house_place",
            "color_type",
            "change_amount",
            "device_type"));
  }

  private static ToolOutcome change(ToolArguments arguments, ToolContext context, String what) {
    Optional<ToolOutcome> refused = Now.refuse(arguments, context);
    String place = place(arguments, context);
    if (refused.isPresent()) {
      return refused.get();
    } else if (context
        .request()
        .toLowerCase(Locale.ENGLISH)
        .matches("(?:did|is|are|was|have) .*")) {
      return ToolOutcome.answer(
          Say.capital(words(place, context.state().devices().light(place))) + ".");
    }
    String amount = arguments.text("change_amount").orElse(context.request());
    return switch (what) {
      case "lighton" -> done(context, place, light -> light.switched(true));
      case "lightoff" -> done(context, place, light -> light.switched(false));
      case "lightup" ->
        done(context, place, light -> light.bright(level(amount, light.brightness(), STEP)));
      case "lightdim" ->
        done(context, place, light -> light.bright(level(amount, light.brightness(), -STEP)));
      default -> colour(arguments, context, place, amount);
    };
  }

  private static ToolOutcome colour(
      ToolArguments arguments, ToolContext context, String place, String amount) {
    String said =
        arguments.text("color_type").orElse(context.request()).toLowerCase(Locale.ENGLISH);
    List<String> colours = COLOUR
        .matcher(said.length() > 500 ? "" : said)
        .results()
        .map(m -> m.group(1))
        .distinct()
        .toList();
    boolean fromTo = context
        .request()
        .toLowerCase(Locale.ENGLISH)
        .matches("(?s).{0,200}\\bfrom\\b.{0,200}\\bto\\b.*");
    if (colours.isEmpty() && PERCENT.matcher(NumberWords.toDigits(amount)).find()) {
      return done(context, place, light -> light.bright(level(amount, light.brightness(), STEP)));
    } else if (colours.isEmpty()) {
      String unknown = arguments
          .text("color_type")
          .map(c -> "I don't know the colour " + c + ". ")
          .orElse("");
      return ToolOutcome.answer(unknown + "What colour should the lights be?");
    } else if (colours.size() > 1 && !fromTo) {
      return ToolOutcome.answer(
          "The lights have one colour at a time: " + Say.join(colours, "or") + "?");
    }
    return done(context, place, light -> light.coloured(colours.getLast()));
  }

  /** The new brightness in percent: to or by what the words say, else by {@code step}. */
  private static int level(String amount, int from, int step) {
    String words =
        NumberWords.toDigits(amount.length() > 500 ? "" : amount.toLowerCase(Locale.ENGLISH));
    Matcher percent = PERCENT.matcher(words);
    if (percent.find()) {
      int n = Integer.parseInt(percent.group(2));
      return percent.group(1) == null ? n : from + Integer.signum(step) * n;
    } else if (words.matches(".*\\b(?:lowest|minimum|minimal)\\b.*")) {
      return 1;
    } else if (words.matches(".*\\b(?:highest|maximum|full|brightest)\\b.*")) {
      return 100;
    }
    return words.matches(".*\\b(?:half|medium)\\b.*") ? 50 : from + step;
  }

  private static ToolOutcome done(ToolContext context, String place, UnaryOperator<Light> change) {
    Devices devices = context.state().devices();
    Set<String> places = new TreeSet<>(Set.of(place));
    if (place.equals("all")) {
      places.addAll(devices.lights().keySet());
    }
    List<PersonalEvent> events = new ArrayList<>();
    for (String each : places) {
      Light after = change.apply(devices.light(each));
      if (!after.equals(devices.lights().get(each))) {
        events.add(new LightChanged(each, after));
      }
    }
    String words = words(place, change.apply(devices.light(place)));
    return new ToolOutcome(
        events,
        (events.isEmpty()
                ? Say.capital(words).replaceFirst(" are ", " are already ")
                : Say.capital(words))
            + ".");
  }

  private static String words(String place, Light light) {
    String what = place.equals("all")
        ? "the lights"
        : place.contains("light") || place.contains("lamp")
            ? "the " + place + (place.endsWith("s") ? "" : "s")
            : "the " + place + " lights";
    String how = light.equals(light.coloured("white").bright(100))
        ? ""
        : " at " + light.brightness() + " percent"
            + (light.colour().equals("white") ? "" : ", " + light.colour());
    return what + (light.on() ? " are on" + how : " are off");
  }

  private static String place(ToolArguments arguments, ToolContext context) {
    String request = context.request().toLowerCase(Locale.ENGLISH);
    Optional<String> slot = arguments
        .text("house_place")
        .map(place -> place.toLowerCase(Locale.ENGLISH))
        .filter(place -> place.length() <= 60);
    String place = slot.orElseGet(() -> {
      Matcher m = PLACE.matcher(request.length() > 500 ? "" : request);
      return m.find() ? m.group(1) : "all";
    });
    String plain = place
        .replaceAll("^(?:the|my|all|in|in the)\\s+", "")
        .replaceAll("(?<=room)s$", "")
        .replaceAll("\\b(bed|bath) room\\b", "$1room");
    return plain.matches("(?:house|home|apartment|flat|room|whole house|everywhere|here|lights?)")
            || plain.isBlank()
        ? "all"
        : plain;
  }
}
