package io.llmagentos.model.generation;

import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.ChatReply.FinishReason;
import io.llmagentos.model.sampling.Sampler;
import io.llmagentos.model.tokenizer.Detokenizer;
import io.llmagentos.model.tokenizer.Tokenizer;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One answer as it comes: takes a row of logits, chooses a token, tells its text, knows when it is over. The choice at a position depends on the
 * prompt, the seed and the tokens before only, so that {@link #replay} of the tokens that came elsewhere leads to the same end. Not thread-safe.
 */
public final class Generation {
  private final Prompt prompt;
  private final Sampler sampler;
  private final Detokenizer detokenizer;
  private final StopText stopText;
  private final StringBuilder text = new StringBuilder();
  private final StringBuilder held = new StringBuilder();
  private final List<Float> logProbs = new ArrayList<>();
  private int[] tokens;
  private int length;
  private @Nullable FinishReason finished;

  public Generation(Prompt prompt, Tokenizer tokenizer) {
    this.prompt = prompt;
    this.sampler = new Sampler(prompt.seed());
    this.detokenizer = tokenizer.detokenizer();
    this.stopText = new StopText(prompt.stop());
    this.tokens = Arrays.copyOf(prompt.tokens(), prompt.tokens().length + 64);
    this.length = prompt.tokens().length;
  }

  /** Choose the next token by the logits [V], which are changed; returns the text that can be said now. Fails with {@code MODEL_FAILED}. */
  public String advance(float[] logits) {
    requireFinite(logits);
    float[] raw = logits.clone();
    prompt.constraint().bias(logits);
    BitSet allowed = prompt.constraint().allowed(prompt.maxNewTokens() - newTokens());
    if (allowed != null) {
      keep(logits, allowed);
    }
    prompt.filter().apply(logits, tokens, length);
    int token =
        prompt.filter().isGreedy() ? Sampler.best(logits) : sampler.draw(logits, newTokens());
    if (allowed != null && !allowed.get(token)) {
      // A filter left nothing of what is allowed.
      token = allowed.nextSetBit(0);
    }
    return take(token, Sampler.logProbability(raw, token));
  }

  /** Take tokens that came already, elsewhere; returns their text. */
  public String replay(List<Integer> came, List<Float> theirLogProbs) {
    StringBuilder said = new StringBuilder();
    for (int i = 0; i < came.size() && finished == null; i++) {
      said.append(take(came.get(i), theirLogProbs.get(i)));
    }
    return said.toString();
  }

  private String take(int token, float logProb) {
    if (length == tokens.length) {
      tokens = Arrays.copyOf(tokens, length * 2);
    }
    tokens[length++] = token;
    logProbs.add(logProb);
    boolean end = prompt.endTokens().contains(token);
    String said = "";
    if (!end) {
      prompt.constraint().accept(token);
      said = stopText.add(detokenizer.add(token));
    }
    if (end || stopText.isStopped() || prompt.constraint().isComplete()) {
      finished = FinishReason.STOP;
    } else if (newTokens() >= prompt.maxNewTokens()) {
      finished = FinishReason.LENGTH;
    }
    if (finished != null) {
      said += stopText.add(detokenizer.finish()) + stopText.finish();
    }
    text.append(said);
    held.append(said);
    if (prompt.constraint().holdsText()) {
      return "";
    }
    String released = held.toString();
    held.setLength(0);
    return released;
  }

  private static void keep(float[] logits, BitSet allowed) {
    for (int i = allowed.nextClearBit(0); i < logits.length; i = allowed.nextClearBit(i + 1)) {
      logits[i] = Float.NEGATIVE_INFINITY;
    }
  }

  private void requireFinite(float[] logits) {
    for (float logit : logits) {
      if (Float.isNaN(logit) || logit == Float.POSITIVE_INFINITY) {
        throw new AgentOsException(
            ErrorCode.MODEL_FAILED,
            "the model's logits are not finite at token " + length + " (" + logit
                + "); its weights or this prompt are broken");
      }
    }
  }

  public boolean isFinished() {
    return finished != null;
  }

  public void cancel() {
    finished = FinishReason.CANCELLED;
  }

  public Prompt prompt() {
    return prompt;
  }

  /** How many tokens the answer has. */
  public int newTokens() {
    return length - prompt.tokens().length;
  }

  /** Prompt and answer so far, from a position on. */
  public int[] tokens(int from, int to) {
    return Arrays.copyOfRange(tokens, from, to);
  }

  /** Tokens of prompt and answer. */
  public int length() {
    return length;
  }

  public int lastToken() {
    return tokens[length - 1];
  }

  public float lastLogProb() {
    return logProbs.getLast();
  }

  /** The reply of a finished generation. */
  public ChatReply reply(String model, String weightVersion) {
    if (finished == null) {
      throw new IllegalStateException("the generation is not finished");
    }
    List<Integer> answer =
        Arrays.stream(tokens, prompt.tokens().length, length).boxed().toList();
    Prompt.Answer read = finished == FinishReason.CANCELLED
        ? new Prompt.Answer(text.toString(), List.of(), finished)
        : prompt.reading().read(answer, text.toString(), finished);
    return new ChatReply(
        model,
        weightVersion,
        read.text(),
        read.toolCalls(),
        read.finishReason(),
        new ChatReply.Usage(prompt.tokens().length, answer.size()),
        answer,
        logProbs);
  }
}
