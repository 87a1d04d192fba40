package io.llmagentos.node.envelope;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;
import java.util.stream.Collectors;

/** One part of a message's content. Text now; image and audio later. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({@JsonSubTypes.Type(value = ContentPart.Text.class, name = "text")})
public sealed interface ContentPart {
  record Text(String text) implements ContentPart {}

  static List<ContentPart> text(String text) {
    return List.of(new Text(text));
  }

  /** The text parts, joined by line breaks. */
  static String textOf(List<ContentPart> content) {
    return content.stream()
        .map(part -> switch (part) {
          case Text text -> text.text();
        })
        .collect(Collectors.joining("\n"));
  }
}
