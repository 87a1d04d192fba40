package io.llmagentos.model.nano;

import io.llmagentos.model.engine.CpuEngine;
import io.llmagentos.model.engine.CpuEngineSettings;
import io.llmagentos.model.engine.Engine;
import io.llmagentos.model.functions.CallTokens;
import io.llmagentos.model.functions.FunctionSet;
import io.llmagentos.model.generation.ChatFormat;
import io.llmagentos.model.generation.Generation;
import io.llmagentos.model.generation.Prompt;
import io.llmagentos.model.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Greedy decoding of a model directory, many requests at once: the engine, the format and its constraint are those that serve. For one thread. */
final class GreedyCalls implements Calls, AutoCloseable {
  private static final int BATCH = 64;
  private static final int TOKENS = 256;

  private final Tokenizer tokenizer;
  private final ChatFormat format;
  private final CpuEngine engine;

  GreedyCalls(Path model, int threads) {
    tokenizer = Tokenizer.load(model);
    format = ChatFormat.load(model, tokenizer);
    engine = CpuEngine.load(model, CpuEngineSettings.create(threads, BATCH * TOKENS));
  }

  @Override
  public List<Call> of(FunctionSet set, List<String> requests) throws IOException {
    var calls = new ArrayList<Call>();
    for (Decoded decoded : decode(set, requests)) {
      calls.add(Calls.read(decoded.generation.reply("", engine.weightVersion())));
    }
    return calls;
  }

  /** For each request, the most likely function, whatever none says, and by how much the logit of none exceeds its, without bias. */
  List<Margin> margins(FunctionSet set, List<String> requests) {
    return decode(set, requests).stream().map(Decoded::margin).toList();
  }

  record Margin(String best, double ofNone) {}

  /** One request on its way. */
  private static final class Decoded {
    private final Prompt prompt;
    private final Generation generation;
    private final int sequence;
    private Margin margin = new Margin("", Double.NEGATIVE_INFINITY);

    Decoded(Prompt prompt, Generation generation, int sequence) {
      this.prompt = prompt;
      this.generation = generation;
      this.sequence = sequence;
    }

    Margin margin() {
      return margin;
    }
  }

  private List<Decoded> decode(FunctionSet set, List<String> requests) {
    var all = new ArrayList<Decoded>();
    float[][] logits = new float[BATCH][engine.vocabularySize()];
    for (int from = 0; from < requests.size(); from += BATCH) {
      List<Decoded> open = requests.subList(from, Math.min(from + BATCH, requests.size())).stream()
          .map(text -> open(set, text))
          .toList();
      all.addAll(open);
      while (!open.isEmpty()) {
        step(set, open, logits);
        open = open.stream().filter(one -> !one.generation.isFinished()).toList();
      }
    }
    return all;
  }

  private Decoded open(FunctionSet set, String text) {
    Prompt prompt = format.prompt(Calls.request("", set, text), engine.contextLength());
    int sequence = engine.open(prompt.tokens().length + prompt.maxNewTokens());
    if (sequence < 0) {
      throw new IllegalArgumentException("no room for " + BATCH + " requests like '" + text
          + "' of " + prompt.tokens().length + " tokens and " + prompt.maxNewTokens() + " more");
    }
    return new Decoded(prompt, new Generation(prompt, tokenizer), sequence);
  }

  private void step(FunctionSet set, List<Decoded> open, float[][] logits) {
    engine.forward(open.stream().map(GreedyCalls::feed).toList(), logits);
    for (int i = 0; i < open.size(); i++) {
      Decoded one = open.get(i);
      if (one.generation.newTokens() == 0) {
        one.margin = margin(set, one.prompt, logits[i]);
      }
      one.generation.advance(logits[i]);
      if (one.generation.isFinished()) {
        engine.close(one.sequence);
      }
    }
  }

  private static Engine.Feed feed(Decoded one) {
    Generation generation = one.generation;
    int from = generation.newTokens() == 0 ? 0 : generation.length() - 1;
    return new Engine.Feed(one.sequence, generation.tokens(from, generation.length()));
  }

  private Margin margin(FunctionSet set, Prompt prompt, float[] raw) {
    float[] logits = raw.clone();
    prompt.constraint().bias(logits);
    logits[tokenizer.requireId(CallTokens.NONE)] -= (float) set.noneBias();
    String best = set.functions().firstEntry().getKey();
    for (String name : set.functions().keySet()) {
      best = logit(logits, name) > logit(logits, best) ? name : best;
    }
    return new Margin(best, logit(logits, Example.OUT_OF_SCOPE) - logit(logits, best));
  }

  private double logit(float[] logits, String function) {
    return logits[
        tokenizer.requireId(
            function.equals(Example.OUT_OF_SCOPE)
                ? CallTokens.NONE
                : CallTokens.function(function))];
  }

  @Override
  public void close() {
    engine.close();
    tokenizer.close();
  }
}
