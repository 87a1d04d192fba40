package io.llmagentos.agent.tool.openapi;

import java.util.List;

/**
 * One operation of a document.
 *
 * @param id the document's, or made of method and path
 * @param body the name of the argument that is the request's body; empty: it has none
 * @param keyed it takes an {@code Idempotency-Key}, so that a repeated call has one effect
 * @param input a JSON Schema of the arguments
 * @param output a JSON Schema of every successful response; empty: they are not all JSON of one kind
 */
record Operation(
    String id,
    String description,
    String method,
    String path,
    List<Parameter> parameters,
    String body,
    boolean keyed,
    String input,
    String output) {
  Operation {
    parameters = List.copyOf(parameters);
  }

  boolean isReadOnly() {
    return method.equals("GET") || method.equals("HEAD");
  }

  boolean isIdempotent() {
    return isReadOnly() || keyed || method.equals("PUT") || method.equals("DELETE");
  }

  /** Where a parameter goes. */
  enum Place {
    PATH,
    QUERY,
    HEADER,
    COOKIE
  }

  /** How a value that is a list or an object is written. */
  enum Style {
    /** Commas between the items. */
    SIMPLE,
    FORM,
    SPACE_DELIMITED,
    PIPE_DELIMITED,
    DEEP_OBJECT,
    /** As JSON. */
    JSON
  }

  /**
   * A parameter that the caller gives.
   *
   * @param argument its name among the arguments
   * @param name its name in the request
   * @param explode whether each item is a parameter of its own
   */
  record Parameter(String argument, String name, Place place, Style style, boolean explode) {}
}
