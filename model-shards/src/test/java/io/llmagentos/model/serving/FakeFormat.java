package io.llmagentos.model.serving;

import io.llmagentos.model.chat.ChatRequest;
import io.llmagentos.model.generation.ChatFormat;
import io.llmagentos.model.generation.Constraint;
import io.llmagentos.model.generation.Prompt;
import io.llmagentos.model.sampling.LogitsFilter;
import io.llmagentos.model.tokenizer.Tokenizer;
import java.util.List;
import java.util.Set;

/** The user's text is the prompt; nothing ends the answer but its length. */
record FakeFormat(Tokenizer tokenizer) implements ChatFormat {
  @Override
  public Prompt prompt(ChatRequest request, int contextLength) {
    int[] tokens = tokenizer.encode(request.lastUserText(), false).ids();
    return new Prompt(
        tokens,
        ChatFormat.room(tokens.length, request.sampling().maxTokens(), contextLength),
        Set.of(),
        LogitsFilter.GREEDY.withSampling(
            request.sampling().temperature(), request.sampling().topP()),
        request.sampling().seed(),
        request.sampling().stop(),
        Constraint.none(),
        (answer, text, reason) -> new Prompt.Answer(text, List.of(), reason));
  }
}
