package io.llmagentos.agent.personal;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.model.chat.ToolSpecification;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;

/** A tool that is one function; its arguments are optional strings. */
record FunctionTool(
    ToolSpecification specification,
    BiFunction<ToolArguments, ToolContext, ToolOutcome> function,
    boolean tells,
    Optional<String> undo)
    implements PersonalTool {
  private static final Map<String, String> SLOTS = Map.ofEntries(
      Map.entry("time", "the time of day or the span of time, in the words of the request"),
      Map.entry("date", "the day or days, in the words of the request"),
      Map.entry("timeofday", "the part of the day, such as morning"),
      Map.entry("general_frequency", "how often it repeats, such as every weekday"),
      Map.entry("event_name", "what it is for or what the event is called"),
      Map.entry("alarm_type", "what kind of alarm"),
      Map.entry("person", "a person's name"),
      Map.entry("relation", "a person by relation, such as boss"),
      Map.entry("meal_type", "a meal, such as lunch"),
      Map.entry("place_name", "a city, country or other place"),
      Map.entry("time_zone", "a time zone by name"),
      Map.entry("list_name", "the name of the list"),
      Map.entry("item", "what to add, find or remove"),
      Map.entry("house_place", "a room or other place at home"),
      Map.entry("device_type", "the device, in the words of the request"),
      Map.entry("color_type", "a colour"),
      Map.entry("change_amount", "by how much or to what level"),
      Map.entry("coffee_type", "what kind of coffee"),
      Map.entry("business_name", "a business by name"));

  static FunctionTool of(
      String name,
      String description,
      BiFunction<ToolArguments, ToolContext, ToolOutcome> function,
      String... slots) {
    ObjectNode schema = JsonNodeFactory.instance.objectNode().put("type", "object");
    ObjectNode properties = schema.putObject("properties");
    for (String slot : slots) {
      properties.putObject(slot).put("type", "string").put("description", SLOTS.get(slot));
    }
    return new FunctionTool(
        new ToolSpecification(name, description, schema.toString()),
        function,
        false,
        Optional.empty());
  }

  FunctionTool telling() {
    return new FunctionTool(specification, function, true, undo);
  }

  FunctionTool undoneBy(String tool) {
    return new FunctionTool(specification, function, tells, Optional.of(tool));
  }

  @Override
  public ToolOutcome call(ToolArguments arguments, ToolContext context) {
    return function.apply(arguments, context);
  }
}
