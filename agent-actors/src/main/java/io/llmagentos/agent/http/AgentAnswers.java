package io.llmagentos.agent.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.llmagentos.agent.serving.AgentKey;
import io.llmagentos.agent.serving.AgentSettings;
import io.llmagentos.agent.session.Message;
import io.llmagentos.agent.session.Session;
import io.llmagentos.agent.session.SessionKey;
import io.llmagentos.agent.session.Sessions;
import io.llmagentos.agent.session.Turn;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.node.Node;
import io.llmagentos.node.envelope.ContentPart;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.http.Api;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

/**
 * Completions by an agent: the last message is a turn, the earlier ones its past, the things it acts on the principal's. The turn runs in a session
 * named after the request, so that a client's retry meets the turn that it repeats; it goes on when its client leaves.
 */
final class AgentAnswers {
  /** Of UTF-8: a turn and its past travel between nodes in one message. */
  private static final int LARGEST_DIALOGUE = 640 * 1024;

  private static final int NAME_LENGTH = 40;
  private static final String ONLY_TURN = "trn_1";

  private final Sessions sessions;
  private final Duration retryWindow;

  AgentAnswers(Node node) {
    this.sessions = node.service(Sessions.class);
    this.retryWindow = node.service(AgentSettings.class).retryWindow();
  }

  /** @param idempotencyKey empty: a retry is known by asking the same within the retry window */
  Source<CompletionPiece, NotUsed> to(
      CompletionRequest request, Context context, String idempotencyKey) {
    if (!request.tools().isEmpty()) {
      throw new AgentOsException(
          ErrorCode.TOOLS_NOT_ALLOWED,
          "'" + request.model()
              + "' is an agent and has its own tools; send 'tools' to a language model",
          "tools");
    }
    List<Message> history = request.messages().subList(0, request.messages().size() - 1);
    List<ContentPart> content = turn(request.messages());
    String dialogue = dialogue(request.messages());
    boolean keyed = !idempotencyKey.isEmpty();
    String name = String.join("\n", request.model(), request.user(), keyed ? "key" : "messages")
        + "\n" + (keyed ? idempotencyKey : dialogue);
    String session = "cmp-" + Api.sha256(name).substring(0, NAME_LENGTH);
    return sessions
        .complete(
            new SessionKey(context.tenant(), context.principal(), session),
            context,
            new AgentKey(
                context.tenant(),
                request.model(),
                AgentKey.subject(context.principal(), request.user())),
            keyed ? ONLY_TURN : "trn_" + UUID.randomUUID().toString().replace("-", ""),
            history,
            content,
            retryWindow)
        .statefulMapConcat(() -> {
          // A piece cannot be taken back: after a reset only the end says what holds.
          AtomicBoolean reset = new AtomicBoolean();
          return reply -> {
            reset.compareAndSet(false, reply instanceof Session.Reset);
            return reset.get() && reply instanceof Session.Delta
                ? List.of()
                : piece(session, request.model(), reply).stream().toList();
          };
        });
  }

  private static List<ContentPart> turn(List<Message> messages) {
    Message last = messages.getLast();
    if (!last.role().equals("user") || ContentPart.textOf(last.content()).isBlank()) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          "an agent answers its user: the last message must have the role \"user\" and not be blank",
          "messages[" + (messages.size() - 1) + "]");
    }
    return last.content();
  }

  private static String dialogue(List<Message> messages) {
    try {
      byte[] bytes = Api.JSON.writeValueAsBytes(messages);
      if (bytes.length > LARGEST_DIALOGUE) {
        throw new AgentOsException(
            ErrorCode.BODY_TOO_LARGE,
            "the messages to an agent have " + bytes.length + " bytes, at most " + LARGEST_DIALOGUE
                + " may be; send fewer earlier ones",
            "messages");
      }
      return new String(bytes, java.nio.charset.StandardCharsets.UTF_8);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Optional<CompletionPiece> piece(
      String session, String agent, Session.Reply reply) {
    return switch (reply) {
      case Session.Delta delta ->
        Optional.of(new CompletionPiece.Text(id(session, delta.turn()), delta.text()));
      case Session.Finished finished ->
        Optional.of(new CompletionPiece.End(
            id(session, finished.turn().id()),
            answer(agent, finished.turn()),
            finished.turn().acceptedAt(),
            finished.turn().exceeded()));
      default -> Optional.empty();
    };
  }

  private static String id(String session, String turn) {
    return Api.sha256(session + "/" + turn).substring(0, NAME_LENGTH);
  }

  /** The agent's answer in a model's terms. Its own tool calls are carried out, not asked for. */
  private static ChatReply answer(String agent, Turn turn) {
    if (turn.status() == Turn.Status.FAILED) {
      throw new AgentOsException(ErrorCode.of(turn.error()), turn.answer());
    }
    List<ChatReply> replies = turn.replies();
    return new ChatReply(
        agent,
        replies.isEmpty() ? "" : replies.getLast().weightVersion(),
        turn.answer(),
        List.of(),
        turn.exceeded().isPresent() ? ChatReply.FinishReason.LENGTH : ChatReply.FinishReason.STOP,
        new ChatReply.Usage(
            replies.stream().mapToInt(reply -> reply.usage().promptTokens()).sum(),
            replies.stream().mapToInt(reply -> reply.usage().completionTokens()).sum()),
        List.of(),
        List.of());
  }
}
