package io.llmagentos.agent.tool.openapi;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.agent.tool.ToolRefusal;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a call of an operation sends. Arguments become values within path, query, headers, cookies and body, never anything else of the request.
 *
 * @param body JSON; empty: none
 */
record OperationRequest(URI url, Map<String, String> headers, String body) {
  /**
   * Put the arguments where they belong.
   *
   * @param server the base of the URL
   * @param arguments valid by the operation's schema
   * @throws ToolRefusal for a value that its place cannot take
   */
  static OperationRequest of(Operation operation, String server, JsonNode arguments) {
    String path = operation.path();
    List<String> query = new ArrayList<>();
    List<String> cookies = new ArrayList<>();
    Map<String, String> headers = new LinkedHashMap<>();
    for (Operation.Parameter parameter : operation.parameters()) {
      JsonNode value = arguments.path(parameter.argument());
      if (value.isMissingNode() || value.isNull()) {
        continue;
      }
      switch (parameter.place()) {
        case PATH -> path = path.replace("{" + parameter.name() + "}", segment(parameter, value));
        case QUERY -> query.addAll(pairs(parameter, value));
        case COOKIE -> cookies.addAll(pairs(parameter, value));
        case HEADER -> headers.put(parameter.name(), header(parameter, value));
      }
    }
    if (!cookies.isEmpty()) {
      headers.put("Cookie", String.join("; ", cookies));
    }
    String base = server.endsWith("/") ? server.substring(0, server.length() - 1) : server;
    JsonNode body = arguments.path(operation.body());
    return new OperationRequest(
        URI.create(base + path + (query.isEmpty() ? "" : "?" + String.join("&", query))),
        headers,
        operation.body().isEmpty() || body.isMissingNode() ? "" : body.toString());
  }

  private static String segment(Operation.Parameter parameter, JsonNode value) {
    String text = joined(parameter, value, ",");
    if (text.isEmpty() || text.equals(".") || text.equals("..")) {
      throw new ToolRefusal(
          "'" + parameter.argument() + "' is part of a path and cannot be '" + text + "'");
    }
    return text;
  }

  private static String header(Operation.Parameter parameter, JsonNode value) {
    String text = parameter.style() == Operation.Style.JSON
        ? value.toString()
        : items(value).collect(Collectors.joining(","));
    if (!text.chars().allMatch(c -> c == '\t' || (c >= ' ' && c != 127 && c < 256))) {
      throw new ToolRefusal("'" + parameter.argument()
          + "' is sent in a header and cannot have line breaks or other than Latin characters");
    }
    return text;
  }

  private static List<String> pairs(Operation.Parameter parameter, JsonNode value) {
    String name = encoded(parameter.name());
    return switch (parameter.style()) {
      case DEEP_OBJECT ->
        value.properties().stream()
            .map(entry ->
                name + "%5B" + encoded(entry.getKey()) + "%5D=" + encoded(text(entry.getValue())))
            .toList();
      case SPACE_DELIMITED -> List.of(name + "=" + joined(parameter, value, "%20"));
      case PIPE_DELIMITED -> List.of(name + "=" + joined(parameter, value, "%7C"));
      default -> {
        if (!parameter.explode() || !value.isContainerNode()) {
          yield List.of(name + "=" + joined(parameter, value, ","));
        }
        yield value.isObject()
            ? value.properties().stream()
                .map(entry -> encoded(entry.getKey()) + "=" + encoded(text(entry.getValue())))
                .toList()
            : items(value).map(item -> name + "=" + encoded(item)).toList();
      }
    };
  }

  private static String joined(Operation.Parameter parameter, JsonNode value, String between) {
    return parameter.style() == Operation.Style.JSON
        ? encoded(value.toString())
        : items(value).map(OperationRequest::encoded).collect(Collectors.joining(between));
  }

  /** A list's items, an object's names and values in turn, or the value itself. */
  private static Stream<String> items(JsonNode value) {
    if (value.isObject()) {
      return value.properties().stream()
          .flatMap(entry -> Stream.of(entry.getKey(), text(entry.getValue())));
    }
    return value.isArray()
        ? value.valueStream().map(OperationRequest::text)
        : Stream.of(text(value));
  }

  private static String text(JsonNode value) {
    return value.isTextual() ? value.textValue() : value.toString();
  }

  /** RFC 3986: all but unreserved characters in percents. */
  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8)
        .replace("+", "%20")
        .replace("*", "%2A")
        .replace("%7E", "~");
  }
}
