package io.llmagentos.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.llmagentos.agent.http.RunningNode;
import io.llmagentos.agent.schedule.Occurrence;
import io.llmagentos.agent.schedule.Timing;
import io.llmagentos.agent.session.Call;
import io.llmagentos.agent.session.InboxIndex;
import io.llmagentos.agent.session.Session;
import io.llmagentos.agent.session.SessionIndex;
import io.llmagentos.agent.session.Turn;
import io.llmagentos.agent.tool.Tool;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.stream.javadsl.JavaFlowSupport;
import org.apache.pekko.stream.javadsl.Sink;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class AgentOsTest {
  @RegisterExtension
  static final RunningNode NODE = new RunningNode("");

  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @SuppressWarnings("NullAway.Init")
  private static AgentOs os;

  @BeforeAll
  static void find() {
    os = AgentOs.on(NODE.node());
  }

  private static <T> T get(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  private static void fails(CompletionStage<?> stage, ErrorCode code) {
    assertThatThrownBy(() -> stage.toCompletableFuture().join())
        .isInstanceOf(CompletionException.class)
        .cause()
        .isInstanceOfSatisfying(
            AgentOsException.class, e -> assertThat(e.code()).isEqualTo(code));
  }

  @Test
  void shouldHoldADialogue() throws Exception {
    AgentOs.Dialogue dialogue = os.session("assistant", "alice", "kitchen");
    Turn hello = get(dialogue.say("t1", "hello"));
    assertThat(hello.answer()).isEqualTo("Hello there, how are you?");
    assertThat(get(dialogue.say("t1", "hello"))).isEqualTo(hello);
    assertThat(get(dialogue.feedback("t1", 1, "kind")).feedback().orElseThrow().text())
        .isEqualTo("kind");
    fails(dialogue.feedback("t1", 5, ""), ErrorCode.INVALID_REQUEST);
    fails(os.session("tester", "alice", "kitchen").say("hello"), ErrorCode.CONFLICT);
    assertThat(get(dialogue.history())).singleElement().extracting(Turn::id).isEqualTo("t1");
    await("the projection")
        .atMost(PATIENCE)
        .until(() -> get(os.sessions("alice")).stream()
            .map(SessionIndex.Row::session)
            .toList()
            .contains("kitchen"));
  }

  @Test
  void shouldFollowATurnPieceByPiece() throws Exception {
    List<Session.Reply> replies = get(JavaFlowSupport.Source.fromPublisher(
            os.session("assistant", "alice", "slow").follow("t1", "slowly"))
        .runWith(Sink.seq(), NODE.node().system()));
    assertThat(replies.getFirst()).isInstanceOf(Session.Accepted.class);
    assertThat(replies.getLast())
        .isInstanceOfSatisfying(
            Session.Finished.class,
            end -> assertThat(end.turn().answer())
                .isEqualTo("one two three four five six seven eight nine ten"));
    assertThat(replies.stream().filter(Session.Delta.class::isInstance)).hasSizeGreaterThan(2);
  }

  @Test
  void shouldStopATurn() throws Exception {
    AgentOs.Dialogue dialogue = os.session("assistant", "alice", "stops");
    CompletionStage<Turn> said = dialogue.say("t1", "never");
    await("it runs")
        .atMost(PATIENCE)
        .ignoreExceptions()
        .until(() -> !get(dialogue.history()).isEmpty());
    assertThat(get(dialogue.stop()).status()).isEqualTo(Turn.Status.STOPPED);
    assertThat(get(said).status()).isEqualTo(Turn.Status.STOPPED);
  }

  @Test
  void shouldLetAPersonDecide() throws Exception {
    AgentOs.Dialogue dialogue = os.session("till", "bob", "till");
    assertThat(get(dialogue.say("t1", "charge J1")).status()).isEqualTo(Turn.Status.WAITING);
    AgentOs.Inbox inbox = os.inbox("clerk");
    await("the projection").atMost(PATIENCE).until(() -> !get(inbox.open()).isEmpty());
    InboxIndex.Item item = get(inbox.open()).getFirst();
    assertThat(get(inbox.find(item.id()))).contains(item);
    get(inbox.approve(item));
    await("its end")
        .atMost(PATIENCE)
        .until(() -> get(dialogue.history()).getFirst().status() == Turn.Status.COMPLETED);
    Turn turn = get(dialogue.history()).getFirst();
    assertThat(turn.calls()).extracting(Call::status).containsExactly(Call.Status.SUCCEEDED);
    assertThat(turn.calls().getFirst().decisions().getFirst().by()).isEqualTo("clerk");
    fails(inbox.deny(item, "too late"), ErrorCode.CONFLICT);
  }

  @Test
  void shouldLetAPersonAnswerInsteadOfTheAgent() throws Exception {
    AgentOs.Dialogue dialogue = os.session("assistant", "carol", "taken");
    get(dialogue.say("hello"));
    get(dialogue.takeOver("clerk"));
    assertThat(get(dialogue.say("t2", "hello")).status()).isEqualTo(Turn.Status.WAITING);
    assertThat(get(dialogue.answer("clerk", "t2", "Clerk here.")).answer())
        .isEqualTo("Clerk here.");
    get(dialogue.release("clerk"));
    assertThat(get(dialogue.say("hello")).answer()).startsWith("Hello");
  }

  @Test
  void shouldShowWhatThereIs() {
    assertThat(os.agents()).extracting(agent -> agent.name()).contains("assistant", "till");
    Tool charge = os.tools().stream()
        .filter(tool -> tool.specification().name().equals("charge"))
        .findFirst()
        .orElseThrow();
    assertThat(charge.traits().readOnly()).isFalse();
  }

  @Test
  void shouldWakeAgents() throws Exception {
    AgentOs.Served agent = os.agent("assistant", "dora");
    assertThat(get(agent.schedule("daily", new Timing.Cron("0 7 * * *", "UTC"), "hello")))
        .singleElement()
        .satisfies(planned -> assertThat(planned.schedule().principal()).isEqualTo("dora"));
    assertThat(get(agent.schedules())).hasSize(1);
    assertThat(get(os.agent("assistant", "dora", "bob").schedules()))
        .as("a user of hers has others")
        .isEmpty();
    assertThat(get(agent.unschedule("daily"))).isEmpty();
    fails(agent.unschedule("daily"), ErrorCode.NOT_FOUND);
    Occurrence event = get(agent.raise("parcel", "hello"));
    assertThat(get(agent.raise("parcel", "hello")).turn()).isEqualTo(event.turn());
    AgentOs.Dialogue dialogue = os.session("assistant", "dora", event.session());
    await("the turn")
        .atMost(PATIENCE)
        .ignoreExceptions()
        .until(() -> get(dialogue.history()).stream()
            .anyMatch(
                turn -> turn.id().equals(event.turn()) && turn.status() == Turn.Status.COMPLETED));
  }
}
