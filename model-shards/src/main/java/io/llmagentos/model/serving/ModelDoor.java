package io.llmagentos.model.serving;

import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.wire.WireMessage;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.actor.typed.receptionist.ServiceKey;
import org.jspecify.annotations.Nullable;

/**
 * A node's door to one of its models, for the other nodes. Streams with credits: at most {@code credits} pieces are under way, what comes meanwhile is
 * gathered into the next one. So a slow reader gets few large pieces, and nothing grows beyond the answer.
 */
public final class ModelDoor extends AbstractBehavior<ModelDoor.Command> {
  /** Between a model's name and the number of its door, in the name of the door's actor; no encoded name has it. */
  static final String SEPARATOR = "~";

  static final ServiceKey<Command> KEY = ServiceKey.create(Command.class, "language-models");

  public sealed interface Command {}

  /**
   * Answer.
   *
   * @param attempt comes back with every reply
   * @param credits how many pieces may be under way
   */
  public record Ask(Assignment assignment, int attempt, int credits, ActorRef<Reply> replyTo)
      implements Command, WireMessage {}

  /** One more piece may be sent. */
  public record Grant(ActorRef<Reply> to) implements Command, WireMessage {}

  public record Cancel(ActorRef<Reply> by) implements Command, WireMessage {}

  /** Take no more requests; end once those in flight have ended. */
  record Close() implements Command {}

  private record Said(
      Answering to, String weightVersion, int token, float logProb, String text, boolean hasToken)
      implements Command {}

  private record Ended(
      Answering to, @Nullable ChatReply reply, @Nullable Throwable failure) implements Command {}

  public sealed interface Reply extends WireMessage {
    int attempt();
  }

  /**
   * A part of the answer.
   *
   * @param tokenIds empty for a model that does not tell them
   */
  public record Piece(
      int attempt, String weightVersion, List<Integer> tokenIds, List<Float> logProbs, String text)
      implements Reply {
    public Piece {
      tokenIds = List.copyOf(tokenIds);
      logProbs = List.copyOf(logProbs);
    }
  }

  public record Finished(int attempt, ChatReply reply) implements Reply {}

  /** @param param empty: none */
  public record Failed(int attempt, ErrorCode code, String message, String param)
      implements Reply {}

  /** An answer under way to one asker. */
  private static final class Answering {
    final int attempt;
    final ActorRef<Reply> to;
    final AtomicBoolean cancelled = new AtomicBoolean();
    final List<Integer> tokenIds = new ArrayList<>();
    final List<Float> logProbs = new ArrayList<>();
    final StringBuilder text = new StringBuilder();
    String weightVersion = "";
    int credits;

    Answering(Ask ask) {
      this.attempt = ask.attempt();
      this.to = ask.replyTo();
      this.credits = ask.credits();
    }

    void flush() {
      if (!tokenIds.isEmpty() || !text.isEmpty()) {
        to.tell(new Piece(attempt, weightVersion, tokenIds, logProbs, text.toString()));
        tokenIds.clear();
        logProbs.clear();
        text.setLength(0);
        credits--;
      }
    }
  }

  private final LanguageModel model;
  private final Map<ActorRef<Reply>, Answering> answering = new HashMap<>();
  private boolean closing;

  private ModelDoor(ActorContext<Command> context, LanguageModel model) {
    super(context);
    this.model = model;
  }

  /** How the name of its actor begins: others find the model by it. */
  static String nameOf(String model) {
    return "model-"
        + URLEncoder.encode(model, StandardCharsets.UTF_8)
            .replace("+", "%20")
            .replace(SEPARATOR, "%7E");
  }

  static String modelOf(ActorRef<Command> door) {
    String name = door.path().name();
    return URLDecoder.decode(
        name.substring("model-".length(), name.lastIndexOf(SEPARATOR)), StandardCharsets.UTF_8);
  }

  static Behavior<Command> create(LanguageModel model) {
    return Behaviors.setup(context -> {
      context.getSystem().receptionist().tell(Receptionist.register(KEY, context.getSelf()));
      return new ModelDoor(context, model);
    });
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Ask.class, this::onAsk)
        .onMessage(Grant.class, this::onGrant)
        .onMessage(Cancel.class, this::onCancel)
        .onMessage(Said.class, this::onSaid)
        .onMessage(Ended.class, this::onEnded)
        .onMessage(Close.class, close -> onClose())
        .build();
  }

  private Behavior<Command> onAsk(Ask ask) {
    if (closing) {
      ask.replyTo()
          .tell(new Failed(
              ask.attempt(),
              ErrorCode.UNAVAILABLE,
              "model '" + model.id() + "' is served here no more",
              ""));
      return this;
    }
    Answering to = new Answering(ask);
    answering.put(ask.replyTo(), to);
    getContext().watchWith(ask.replyTo(), new Cancel(ask.replyTo()));
    ActorRef<Command> self = getContext().getSelf();
    TokenListener listener = new TokenListener() {
      @Override
      public boolean onText(String text) {
        self.tell(new Said(to, "", 0, 0, text, false));
        return !to.cancelled.get();
      }

      @Override
      public boolean onToken(String weightVersion, int token, float logProb, String text) {
        self.tell(new Said(to, weightVersion, token, logProb, text, true));
        return !to.cancelled.get();
      }
    };
    model
        .chat(ask.assignment(), listener)
        .whenComplete((reply, failure) -> self.tell(new Ended(to, reply, failure)));
    return this;
  }

  private Behavior<Command> onSaid(Said said) {
    Answering to = said.to();
    if (said.hasToken()) {
      to.weightVersion = said.weightVersion();
      to.tokenIds.add(said.token());
      to.logProbs.add(said.logProb());
    }
    to.text.append(said.text());
    if (to.credits > 0 && !to.cancelled.get()) {
      to.flush();
    }
    return this;
  }

  private Behavior<Command> onGrant(Grant grant) {
    Answering to = answering.get(grant.to());
    if (to != null) {
      to.credits++;
      to.flush();
    }
    return this;
  }

  private Behavior<Command> onCancel(Cancel cancel) {
    Answering to = answering.get(cancel.by());
    if (to != null) {
      to.cancelled.set(true);
    }
    return this;
  }

  private Behavior<Command> onClose() {
    closing = true;
    getContext()
        .getSystem()
        .receptionist()
        .tell(Receptionist.deregister(KEY, getContext().getSelf()));
    return untilIdle();
  }

  private Behavior<Command> untilIdle() {
    return closing && answering.isEmpty() ? Behaviors.stopped() : this;
  }

  private Behavior<Command> onEnded(Ended ended) {
    Answering to = ended.to();
    answering.remove(to.to, to);
    getContext().unwatch(to.to);
    to.flush();
    if (ended.reply() != null) {
      to.to.tell(new Finished(to.attempt, ended.reply()));
    } else {
      to.to.tell(failed(to.attempt, ended.failure()));
    }
    return untilIdle();
  }

  private Failed failed(int attempt, @Nullable Throwable failure) {
    Throwable cause = failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
    if (cause instanceof AgentOsException known) {
      String param = known.param();
      return new Failed(
          attempt, known.code(), String.valueOf(known.getMessage()), param == null ? "" : param);
    }
    getContext().getLog().error("model {} failed", model.id(), cause);
    return new Failed(
        attempt, ErrorCode.MODEL_FAILED, "model '" + model.id() + "' failed: " + cause, "");
  }
}
