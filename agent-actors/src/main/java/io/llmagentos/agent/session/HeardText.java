package io.llmagentos.agent.session;

import java.util.List;

/**
 * What a client has heard of a running turn's answer. After a move of the session the model may speak again from the start: what was heard is not told twice,
 * and where the new answer differs, which a sampled one may, the client is told to forget the old one. Not thread-safe.
 */
final class HeardText {
  private final StringBuilder heard = new StringBuilder();

  /** What to tell the client when the session says this: nothing, the new part, or a {@link Session.Reset} and all that holds now. */
  List<Session.Reply> hear(Session.Delta delta) {
    int known = heard.length() - delta.offset();
    if (known < 0) {
      return List.of(); // something was lost on the way; the turn's end has the whole
    }
    String text = delta.text();
    int both = Math.min(known, text.length());
    if (!heard.substring(delta.offset(), delta.offset() + both).equals(text.substring(0, both))) {
      heard.setLength(delta.offset());
      heard.append(text);
      return List.of(
          new Session.Reset(delta.turn()), new Session.Delta(delta.turn(), 0, heard.toString()));
    }
    if (known >= text.length()) {
      return List.of();
    }
    int from = heard.length();
    heard.append(text, known, text.length());
    return List.of(new Session.Delta(delta.turn(), from, text.substring(known)));
  }
}
