package io.llmagentos.agent.http;

import io.llmagentos.model.chat.ChatReply;
import java.time.Instant;

/** What a completion is made of, whoever answers: pieces of text as they come, then the whole. */
sealed interface CompletionPiece {
  /** The answer's id, the same in all its pieces. */
  String completion();

  record Text(String completion, String text) implements CompletionPiece {}

  /** The last one. Its text begins with what was said in pieces, unless the answer turned out otherwise. */
  record End(String completion, ChatReply reply, Instant at) implements CompletionPiece {}
}
