package io.llmagentos.agent.session;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.agent.definition.AgentDefinition;
import io.llmagentos.node.http.Api;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;

/**
 * A question about what a call lacks: an argument that its schema requires, or what its tool asked for.
 *
 * @param request the words that led to the call
 * @param arguments the call's, so far
 * @param slot the argument that is asked for; empty: the tool asked
 * @param repeated whether it was asked again, after something else was said
 */
record OpenQuestion(
    String text, String request, String function, String arguments, String slot, boolean repeated) {
  /** What can be answered with more words of the same request; not "Shall I?". */
  private static final Pattern ASKS = Pattern.compile(
      "(?s).*\\b(?:what|which|when|where|who|how)\\b[^.?!]*\\?", Pattern.CASE_INSENSITIVE);

  private static final Pattern QUESTION =
      Pattern.compile("(?:what|which|when|where|who|how)\\b.*", Pattern.CASE_INSENSITIVE);

  private static final Pattern DETERMINED =
      Pattern.compile("(?:a|an|my|the|your)\\b.*", Pattern.CASE_INSENSITIVE);

  /** What a call asks for: one that was not made, because it lacks an argument, or one whose tool asked. */
  static Optional<OpenQuestion> of(Call call, String request, AgentDefinition definition) {
    if (call.status() == Call.Status.SUCCEEDED) {
      return !definition.external().containsKey(call.name())
              && ASKS.matcher(call.result()).matches()
          ? Optional.of(new OpenQuestion(call.result(), request, call.name(), "{}", "", false))
          : Optional.empty();
    }
    return call.status() == Call.Status.PLANNED
        ? definition.tools().stream()
            .filter(tool -> tool.name().equals(call.name()))
            .flatMap(tool -> lacking(tool.parameters(), call, request).stream())
            .findFirst()
        : Optional.empty();
  }

  private static Optional<OpenQuestion> lacking(String parameters, Call call, String request) {
    try {
      JsonNode schema = Api.JSON.readTree(parameters);
      JsonNode given = Api.JSON.readTree(call.arguments());
      return StreamSupport.stream(schema.path("required").spliterator(), false)
          .map(JsonNode::asText)
          .filter(slot -> !given.hasNonNull(slot))
          .findFirst()
          .map(slot -> new OpenQuestion(
              question(slot, schema.at("/properties/" + slot + "/description").asText()),
              request,
              call.name(),
              call.arguments(),
              slot,
              false));
    } catch (JsonProcessingException e) {
      return Optional.empty(); // the tool refuses it
    }
  }

  /** In the words of the schema: "the day of arrival" is asked for as "What is the day of arrival?". */
  private static String question(String slot, String description) {
    String words = description.strip().replaceFirst("[.?]+$", "");
    if (words.isEmpty()) {
      return "What "
          + slot.replaceAll("(?<=\\p{Ll})(?=\\p{Lu})|[_-]+", " ").toLowerCase(Locale.ROOT) + "?";
    }
    String rest = words.substring(1) + "?";
    String small = Character.toLowerCase(words.charAt(0)) + rest;
    if (QUESTION.matcher(words).matches()) {
      return Character.toUpperCase(words.charAt(0)) + rest;
    }
    return "What is " + (DETERMINED.matcher(words).matches() ? small : "the " + small);
  }

  OpenQuestion again() {
    return new OpenQuestion(text, request, function, arguments, slot, true);
  }
}
