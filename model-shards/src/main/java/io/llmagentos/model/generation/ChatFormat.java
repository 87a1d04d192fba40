package io.llmagentos.model.generation;

import io.llmagentos.model.chat.ChatRequest;
import io.llmagentos.model.functions.FunctionSets;
import io.llmagentos.model.tokenizer.Tokenizer;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.nio.file.Files;
import java.nio.file.Path;

/** How a model is talked to: chats to prompts, tokens to answers. Thread-safe. */
public interface ChatFormat {
  /** Fails with {@code INVALID_REQUEST} or {@code CONTEXT_LENGTH_EXCEEDED}. */
  Prompt prompt(ChatRequest request, int contextLength);

  /** The format of a model's directory: function tokens where it has an {@code agentos.json}, else its chat template. */
  static ChatFormat load(Path directory, Tokenizer tokenizer) {
    return Files.exists(directory.resolve(FunctionSets.FILE))
        ? FunctionTokens.load(directory, tokenizer)
        : TemplateChat.load(directory, tokenizer);
  }

  /** How many new tokens there is room for, at most {@code maxTokens} (0: no limit). */
  static int room(int promptTokens, int maxTokens, int contextLength) {
    int wanted = Math.max(1, maxTokens);
    if ((long) promptTokens + wanted > contextLength) {
      throw new AgentOsException(
          ErrorCode.CONTEXT_LENGTH_EXCEEDED,
          "the prompt has " + promptTokens + " tokens and max_tokens is " + maxTokens
              + "; the model's context holds " + contextLength
              + " together: shorten the messages or lower max_tokens",
          promptTokens >= contextLength ? "messages" : "max_tokens");
    }
    return maxTokens == 0 ? contextLength - promptTokens : maxTokens;
  }
}
