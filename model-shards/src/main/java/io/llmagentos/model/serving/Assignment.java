package io.llmagentos.model.serving;

import io.llmagentos.model.chat.ChatRequest;
import io.llmagentos.node.envelope.Context;
import java.util.List;

/** A request on its way to a model, with the tokens of the answer that came already, elsewhere. */
public record Assignment(Context context, ChatRequest request, Emitted emitted) {
  public static Assignment fresh(Context context, ChatRequest request) {
    return new Assignment(context, request, Emitted.NOTHING);
  }

  /**
   * Tokens that a replica said before it was lost.
   *
   * @param weightVersion the weights that said them: only the same ones can go on
   */
  public record Emitted(String weightVersion, List<Integer> tokenIds, List<Float> logProbs) {
    public static final Emitted NOTHING = new Emitted("", List.of(), List.of());

    public Emitted {
      tokenIds = List.copyOf(tokenIds);
      logProbs = List.copyOf(logProbs);
    }
  }
}
