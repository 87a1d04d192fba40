package io.llmagentos.agent.account;

import io.llmagentos.agent.budget.Prices;
import io.llmagentos.agent.budget.Usage;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.ChatRequest;
import io.llmagentos.model.serving.Models;
import io.llmagentos.model.serving.TokenListener;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Language models that are asked without a session, on the accounts of whoever asks: each request leases before it is made, and settles when the model has
 * ended, also one that nobody listens to any more. Refuses with {@code INSUFFICIENT_QUOTA}. Where nobody is limited it only passes on. Thread-safe.
 */
public final class MeteredModels implements Models {
  private static final long ONLY_LEASE = 1;

  private final Models models;
  private final Accounts accounts;
  private final Prices prices;

  public MeteredModels(Models models, Accounts accounts, Prices prices) {
    this.models = models;
    this.accounts = accounts;
    this.prices = prices;
  }

  @Override
  public List<String> ids() {
    return models.ids();
  }

  @Override
  public CompletionStage<ChatReply> chat(
      Context context, ChatRequest request, TokenListener listener) {
    List<AccountKey> limited = accounts.of(context.tenant(), context.principal());
    if (limited.isEmpty()) {
      return models.chat(context, request, listener);
    }
    String holder = Account.request();
    Heard heard = new Heard(listener);
    return accounts
        .take(limited, holder, ONLY_LEASE, Usage.NONE, prices.least(request.model()))
        .thenCompose(taken -> taken instanceof Account.Refused refused
            ? CompletableFuture.failedFuture(
                new AgentOsException(ErrorCode.INSUFFICIENT_QUOTA, refused.why().message()))
            : timed(context, request, heard))
        .whenComplete((reply, failure) ->
            accounts.settle(limited, holder, ONLY_LEASE, spent(request.model(), reply, heard)));
  }

  private CompletionStage<ChatReply> timed(Context context, ChatRequest request, Heard heard) {
    long asked = System.nanoTime();
    return models
        .chat(context, request, heard)
        .whenComplete((reply, failure) ->
            heard.millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - asked));
  }

  /** Of an answer that broke off, what was heard of it counts. */
  private Usage spent(String model, @Nullable ChatReply reply, Heard heard) {
    int pieces = heard.pieces.get();
    if (reply == null && pieces == 0) {
      return Usage.NONE;
    }
    ChatReply.Usage tokens = reply == null ? new ChatReply.Usage(0, 0) : reply.usage();
    if (reply == null || reply.finishReason() == ChatReply.FinishReason.CANCELLED) {
      tokens =
          new ChatReply.Usage(tokens.promptTokens(), Math.max(pieces, tokens.completionTokens()));
    }
    return new Usage(
        1,
        tokens.promptTokens(),
        tokens.completionTokens(),
        prices.of(model, tokens),
        0,
        heard.millis);
  }

  /** Passes an answer on and counts its pieces. */
  private static final class Heard implements TokenListener {
    private final TokenListener listener;
    private final AtomicInteger pieces = new AtomicInteger();
    private volatile long millis;

    Heard(TokenListener listener) {
      this.listener = listener;
    }

    @Override
    public boolean onText(String text) {
      pieces.incrementAndGet();
      return listener.onText(text);
    }

    @Override
    public boolean onToken(String weightVersion, int token, float logProb, String text) {
      pieces.incrementAndGet();
      return listener.onToken(weightVersion, token, logProb, text);
    }
  }
}
