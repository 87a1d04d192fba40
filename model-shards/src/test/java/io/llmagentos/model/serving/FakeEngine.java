package io.llmagentos.model.serving;

import io.llmagentos.model.engine.Engine;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;

/** An engine whose next token is a function of the whole sequence before it. Records its steps; may be held, and told to fail. */
final class FakeEngine implements Engine {
  final List<List<Integer>> steps = new ArrayList<>(); // sizes of the feeds of each step
  final CountDownLatch closed = new CountDownLatch(1);
  final Semaphore permits = new Semaphore(0);
  private final Map<Integer, List<Integer>> sequences = new HashMap<>();
  private final Map<Integer, Integer> reserved = new HashMap<>();
  private final int vocabularySize;
  private final int contextLength;
  private final int cacheTokens;
  private final boolean held;
  private int next;
  volatile Consumer<List<Integer>> beforeLogits = sequence -> {};
  volatile int nanAfter = -1; // a token after which the logits are not numbers

  FakeEngine(int vocabularySize, int contextLength, int cacheTokens, boolean held) {
    this.vocabularySize = vocabularySize;
    this.contextLength = contextLength;
    this.cacheTokens = cacheTokens;
    this.held = held;
  }

  /** The token it says after these. */
  static int after(List<Integer> tokens, int vocabularySize) {
    int hash = 17;
    for (int token : tokens) {
      hash = hash * 31 + token;
    }
    return Math.floorMod(hash ^ (hash >>> 11), vocabularySize);
  }

  @Override
  public int vocabularySize() {
    return vocabularySize;
  }

  @Override
  public int contextLength() {
    return contextLength;
  }

  @Override
  public String weightVersion() {
    return "fake";
  }

  @Override
  public synchronized int open(int tokens) {
    if (reserved.values().stream().mapToInt(i -> i).sum() + tokens > cacheTokens) {
      return -1;
    }
    reserved.put(next, tokens);
    sequences.put(next, new ArrayList<>());
    return next++;
  }

  @Override
  public synchronized void close(int sequence) {
    reserved.remove(sequence);
    sequences.remove(sequence);
  }

  synchronized int open() {
    return sequences.size();
  }

  @Override
  public void forward(List<Feed> feeds, float[][] logits) {
    if (held) {
      permits.acquireUninterruptibly();
    }
    synchronized (this) {
      steps.add(feeds.stream().map(feed -> feed.tokens().length).toList());
      for (int i = 0; i < feeds.size(); i++) {
        List<Integer> sequence =
            java.util.Objects.requireNonNull(sequences.get(feeds.get(i).sequence()));
        for (int token : feeds.get(i).tokens()) {
          sequence.add(token);
        }
        beforeLogits.accept(sequence);
        int said = after(sequence, vocabularySize);
        for (int v = 0; v < vocabularySize; v++) {
          logits[i][v] = v == said ? 3 : (v * 7 + said) % 5 * 0.3f;
        }
        if (sequence.contains(nanAfter)) {
          logits[i][3] = Float.NaN;
        }
      }
    }
  }

  synchronized List<List<Integer>> steps() {
    return List.copyOf(steps);
  }

  @Override
  public void close() {
    closed.countDown();
  }
}
