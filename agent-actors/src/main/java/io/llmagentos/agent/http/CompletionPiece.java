package io.llmagentos.agent.http;

import io.llmagentos.agent.budget.Exceeded;
import io.llmagentos.model.chat.ChatReply;
import java.time.Instant;
import java.util.Optional;

/** What a completion is made of, whoever answers: pieces of text as they come, then the whole. */
sealed interface CompletionPiece {
  /** The answer's id, the same in all its pieces. */
  String completion();

  record Text(String completion, String text) implements CompletionPiece {}

  /**
   * The last one. Its text begins with what was said in pieces, unless the answer turned out otherwise.
   *
   * @param exceeded the limit that stopped it
   */
  record End(String completion, ChatReply reply, Instant at, Optional<Exceeded> exceeded)
      implements CompletionPiece {
    End(String completion, ChatReply reply, Instant at) {
      this(completion, reply, at, Optional.empty());
    }
  }
}
