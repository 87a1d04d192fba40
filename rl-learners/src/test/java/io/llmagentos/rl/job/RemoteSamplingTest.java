package io.llmagentos.rl.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmagentos.node.bulk.Bulk;
import io.llmagentos.node.bulk.Payload;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.placement.MemberCommand;
import io.llmagentos.node.placement.MemberId;
import io.llmagentos.node.placement.Members;
import io.llmagentos.rl.algorithm.AlgorithmConfig;
import io.llmagentos.rl.rollout.Fragment;
import io.llmagentos.rl.rollout.Sampler.Behaviour;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Runners are probes: the test says what they answer, and when. A slot's fragment names the round in its reward. */
class RemoteSamplingTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final Duration NEVER = Duration.ofHours(1);
  private static final Duration QUIET = Duration.ofMillis(700);
  private static final ActorTestKit KIT = ActorTestKit.create();
  private static final Bulk BULK =
      Bulk.start(KIT.system(), Clock.systemUTC(), 64 << 20, Duration.ofMinutes(1));

  private final TestProbe<MemberCommand> driver = KIT.createTestProbe();
  private final TestProbe<MemberCommand> one = KIT.createTestProbe();
  private final TestProbe<MemberCommand> two = KIT.createTestProbe();
  private @Nullable RemoteSampling opened;

  @AfterEach
  void close() {
    if (opened != null) {
      opened.close();
    }
  }

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  @Test
  void shouldAskAgainWhereNoAnswerComes() throws Exception {
    RemoteSampling sampling = open(2, Duration.ofMillis(300));
    sampling.members(present(one, two));
    CompletableFuture<List<Fragment>> round = sample(sampling);
    answer(sampling, asked(one));
    EnvRunner.Sample lost = asked(two);
    EnvRunner.Sample again = asked(two);
    assertThat(again.round()).isEqualTo(lost.round());
    assertThat(again.slot()).isEqualTo(1);
    answer(sampling, again);
    assertThat(slots(round)).containsExactly(0, 1);
  }

  @Test
  void shouldSampleTheSlotsOfALostRunnerElsewhereWithTheirState() throws Exception {
    RemoteSampling sampling = open(2, NEVER);
    sampling.members(present(one, two));
    CompletableFuture<List<Fragment>> first = sample(sampling);
    EnvRunner.Sample began = asked(one);
    assertThat(began.after()).as("new environments").isZero();
    answer(sampling, began);
    answer(sampling, asked(two));
    first.get();

    CompletableFuture<List<Fragment>> second = sample(sampling);
    EnvRunner.Sample kept = asked(one);
    assertThat(kept.state()).as("the runner has it").isNull();
    EnvRunner.Sample lost = asked(two);
    assertThat(lost.state()).isNull();
    sampling.members(present(one));
    EnvRunner.Sample moved = asked(one);
    assertThat(moved.slot()).isEqualTo(1);
    assertThat(moved.round()).isEqualTo(lost.round());
    assertThat(moved.after()).isEqualTo(began.round());
    assertThat(bytes(moved.state())).isEqualTo(state(began.round(), 1));
    answer(sampling, moved);
    answer(sampling, kept);
    assertThat(slots(second)).containsExactly(0, 1);
  }

  @Test
  void shouldWaitForARunnerWhereAllAreLost() throws Exception {
    RemoteSampling sampling = open(2, NEVER);
    sampling.members(present(one));
    CompletableFuture<List<Fragment>> round = sample(sampling);
    answer(sampling, asked(one));
    asked(one);
    sampling.members(present());
    sampling.members(present(two));
    EnvRunner.Sample moved = asked(two);
    assertThat(moved.slot()).isEqualTo(1);
    answer(sampling, moved);
    assertThat(slots(round)).containsExactly(0, 1);
  }

  @Test
  void shouldGiveSlotsToARunnerThatJoinsWithTheNextRound() throws Exception {
    RemoteSampling sampling = open(2, NEVER);
    sampling.members(present(one));
    CompletableFuture<List<Fragment>> first = sample(sampling);
    EnvRunner.Sample zero = asked(one);
    EnvRunner.Sample other = asked(one);
    sampling.members(present(one, two));
    two.expectNoMessage(QUIET);
    answer(sampling, zero);
    answer(sampling, other);
    first.get();

    CompletableFuture<List<Fragment>> second = sample(sampling);
    EnvRunner.Sample moved = asked(two);
    assertThat(moved.slot()).isEqualTo(1);
    assertThat(bytes(moved.state())).isEqualTo(state(zero.round(), 1));
    answer(sampling, moved);
    answer(sampling, asked(one));
    assertThat(slots(second)).containsExactly(0, 1);
  }

  @Test
  void shouldIgnoreAnswersThatComeTwiceOrLate() throws Exception {
    RemoteSampling sampling = open(1, NEVER);
    sampling.members(present(one));
    CompletableFuture<List<Fragment>> first = sample(sampling);
    EnvRunner.Sample began = asked(one);
    answer(sampling, began);
    answer(sampling, began);
    assertThat(first.get().getFirst().rewards()[0]).isEqualTo((float) began.round());

    CompletableFuture<List<Fragment>> second = sample(sampling);
    EnvRunner.Sample next = asked(one);
    answer(sampling, began);
    sampling.failed(
        new EnvRunner.SamplingFailed(began.round(), 0, ErrorCode.ENVIRONMENT_FAILED, "late"));
    one.expectNoMessage(QUIET);
    assertThat(second).as("nothing new was answered").isNotDone();
    answer(sampling, next);
    assertThat(second.get().getFirst().rewards()[0]).isEqualTo((float) next.round());
    assertThat(sampling.snapshot().orElseThrow())
        .containsExactlyElementsOf(FragmentBytes.toParts(state(next.round(), 0)));
  }

  @Test
  void shouldAskTheNextRunnerForARestoredState() throws Exception {
    RemoteSampling sampling = open(2, NEVER);
    byte[] zero = {7};
    byte[] other = {8, 9};
    sampling.restore(List.of(zero, other));
    sampling.members(present(one));
    CompletableFuture<List<Fragment>> round = sample(sampling);
    EnvRunner.Sample first = asked(one);
    EnvRunner.Sample second = asked(one);
    assertThat(FragmentBytes.toParts(bytes(first.state()))).containsExactly(zero);
    assertThat(FragmentBytes.toParts(bytes(second.state()))).containsExactly(other);
    assertThat(first.after()).as("not as new").isPositive();
    answer(sampling, first);
    answer(sampling, second);
    assertThat(slots(round)).containsExactly(0, 1);
  }

  @Test
  void shouldEndWithTheFailureOfAnEnvironment() {
    RemoteSampling sampling = open(1, NEVER);
    sampling.members(present(one));
    CompletableFuture<List<Fragment>> round = sample(sampling);
    EnvRunner.Sample began = asked(one);
    sampling.failed(new EnvRunner.SamplingFailed(
        began.round(), 0, ErrorCode.ENVIRONMENT_FAILED, "X-v0: the reward is NaN"));
    assertThat(round)
        .failsWithin(LIMIT)
        .withThrowableOfType(ExecutionException.class)
        .withCauseInstanceOf(AgentOsException.class)
        .withMessageContaining("X-v0: the reward is NaN");
  }

  @Test
  void shouldStopWaitingWhenItIsClosed() {
    RemoteSampling sampling = open(1, NEVER);
    CompletableFuture<List<Fragment>> round = sample(sampling);
    sampling.close();
    assertThat(round)
        .failsWithin(LIMIT)
        .withThrowableOfType(ExecutionException.class)
        .withMessageContaining("sampling was stopped");
  }

  private RemoteSampling open(int slots, Duration askAgain) {
    AlgorithmConfig<?> config =
        AlgorithmConfig.of("ppo").with(Map.of("env", "CartPole-v1", "num_env_runners", slots));
    RemoteSampling sampling = new RemoteSampling(config, BULK, driver.getRef(), askAgain);
    opened = sampling;
    return sampling;
  }

  private static CompletableFuture<List<Fragment>> sample(RemoteSampling sampling) {
    return CompletableFuture.supplyAsync(
        () -> sampling.sample(new float[] {1, 2}, 1, 1, Behaviour.EXPLORE));
  }

  private static EnvRunner.Sample asked(TestProbe<MemberCommand> runner) {
    return runner.expectMessageClass(EnvRunner.Sample.class, LIMIT);
  }

  private static void answer(RemoteSampling sampling, EnvRunner.Sample sample) {
    sampling.sampled(new EnvRunner.Sampled(
        sample.round(),
        sample.slot(),
        BULK.offer(FragmentBytes.of(List.of(fragment(sample))), 1),
        BULK.offer(state(sample.round(), sample.slot()), 1)));
  }

  private static Fragment fragment(EnvRunner.Sample sample) {
    return new Fragment(
        sample.slot(),
        1,
        1,
        1,
        new float[1],
        new float[1],
        new float[2],
        new float[0],
        new float[] {(float) sample.round()},
        new boolean[1],
        new boolean[1],
        new float[1],
        new int[0],
        new float[0],
        List.of());
  }

  private static byte[] state(long round, int slot) {
    return FragmentBytes.ofParts(List.of(new byte[] {(byte) round, (byte) slot}));
  }

  private static byte[] bytes(@Nullable Payload payload) throws Exception {
    assertThat(payload).as("a state").isNotNull();
    return payload == null
        ? new byte[0]
        : BULK.fetch(payload, LIMIT).toCompletableFuture().get();
  }

  private static List<Integer> slots(CompletableFuture<List<Fragment>> round) throws Exception {
    return round.get().stream().map(Fragment::firstEnvironment).toList();
  }

  @SafeVarargs
  private static List<Members.Member> present(TestProbe<MemberCommand>... probes) {
    List<Members.Member> members = new ArrayList<>();
    for (TestProbe<MemberCommand> probe : probes) {
      members.add(new Members.Member(
          new MemberId("job", 1, Driver.RUNNERS, members.size(), 0), probe.getRef(), "node"));
    }
    return members;
  }
}
