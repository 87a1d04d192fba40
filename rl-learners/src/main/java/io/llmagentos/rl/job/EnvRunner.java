package io.llmagentos.rl.job;

import io.llmagentos.node.bulk.Bulk;
import io.llmagentos.node.bulk.Payload;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.placement.MemberCommand;
import io.llmagentos.rl.algorithm.AlgorithmConfig;
import io.llmagentos.rl.env.registration.EnvRegistry;
import io.llmagentos.rl.rollout.Fragment;
import io.llmagentos.rl.rollout.Sampler;
import io.llmagentos.rl.rollout.Sampler.Behaviour;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;

/**
 * Samples for a driver. The run's environments come in slots, each with its own sampler; a slot may move between runners, and its state moves with it. Asked
 * for the same round again, a runner gives the same answer.
 */
final class EnvRunner {
  /**
   * Sample a slot.
   *
   * @param round ascends with every request for the slot; the answer names it
   * @param after the round after which the slot's state must stand; 0: new environments
   * @param state of the slot after that round, for a runner that did not sample it; null: the runner has it, or the environment cannot say it
   */
  record Sample(
      long round,
      int slot,
      long after,
      @Nullable Payload state,
      Payload parameters,
      int count,
      int steps,
      Behaviour behaviour,
      ActorRef<MemberCommand> driver)
      implements MemberCommand {}

  /** @param state after the round; null: the environment cannot say it */
  record Sampled(
      long round, int slot, Payload fragments, @Nullable Payload state) implements MemberCommand {}

  /** An environment failed: sampling again would fail again. */
  record SamplingFailed(long round, int slot, ErrorCode code, String message)
      implements MemberCommand {}

  private record Ready(Sample sample, byte[] parameters, byte[] state) implements MemberCommand {}

  private record NotReady(Sample sample, String why) implements MemberCommand {}

  private static final Duration FETCH = Duration.ofSeconds(30);

  /** Kept until the next round: what is asked for again is offered again. */
  private record Answer(byte[] fragments, byte @Nullable [] state) {}

  private static final class Slot {
    final Sampler sampler;
    long after;

    @Nullable
    Answer lastAnswer;

    Slot(Sampler sampler) {
      this.sampler = sampler;
    }
  }

  private final ActorContext<MemberCommand> context;
  private final AlgorithmConfig<?> config;
  private final EnvRegistry environments;
  private final Bulk bulk;
  private final Map<Integer, Slot> slots = new HashMap<>();

  private EnvRunner(
      ActorContext<MemberCommand> context,
      AlgorithmConfig<?> config,
      EnvRegistry environments,
      Bulk bulk) {
    this.context = context;
    this.config = config;
    this.environments = environments;
    this.bulk = bulk;
  }

  static Behavior<MemberCommand> create(
      AlgorithmConfig<?> config, EnvRegistry environments, Bulk bulk) {
    return Behaviors.setup(
        context -> new EnvRunner(context, config, environments, bulk).sampling());
  }

  private Behavior<MemberCommand> sampling() {
    return Behaviors.receive(MemberCommand.class)
        .onMessage(Sample.class, this::onSample)
        .onMessage(Ready.class, this::onReady)
        .onMessage(NotReady.class, this::onNotReady)
        .onSignal(PostStop.class, stop -> {
          slots.values().forEach(slot -> slot.sampler.close());
          return Behaviors.same();
        })
        .build();
  }

  private Behavior<MemberCommand> onSample(Sample sample) {
    CompletableFuture<byte[]> parameters =
        bulk.fetch(sample.parameters(), FETCH).toCompletableFuture();
    Payload state = sample.state();
    CompletableFuture<byte[]> states = state == null
        ? CompletableFuture.completedFuture(new byte[0])
        : bulk.fetch(state, FETCH).toCompletableFuture();
    context.pipeToSelf(
        parameters.thenCombine(states, (p, s) -> new Ready(sample, p, s)),
        (ready, failure) -> ready == null ? new NotReady(sample, String.valueOf(failure)) : ready);
    return Behaviors.same();
  }

  /** The driver asks again. */
  private Behavior<MemberCommand> onNotReady(NotReady missing) {
    context.getLog().debug("slot {}: {}", missing.sample().slot(), missing.why());
    return Behaviors.same();
  }

  private Behavior<MemberCommand> onReady(Ready ready) {
    Sample sample = ready.sample();
    try {
      Slot slot = slot(sample, ready.state());
      Answer answer = slot.lastAnswer;
      if (slot.after < sample.round() || answer == null) {
        slot.sampler.load(FragmentBytes.toFloats(ready.parameters()));
        List<Fragment> fragments = new ArrayList<>();
        for (int i = 0; i < sample.count(); i++) {
          fragments.add(slot.sampler.sample(sample.steps(), sample.behaviour()));
        }
        slot.after = sample.round();
        answer = new Answer(
            FragmentBytes.of(fragments),
            slot.sampler.snapshot().map(FragmentBytes::ofParts).orElse(null));
        slot.lastAnswer = answer;
      }
      sample.driver().tell(offer(sample, answer));
    } catch (AgentOsException e) {
      sample
          .driver()
          .tell(new SamplingFailed(
              sample.round(), sample.slot(), e.code(), String.valueOf(e.getMessage())));
    }
    return Behaviors.same();
  }

  private Slot slot(Sample sample, byte[] state) {
    Slot slot = slots.get(sample.slot());
    boolean there = slot != null && (slot.after == sample.after() || slot.after == sample.round());
    if (slot != null && there) {
      return slot;
    }
    int perSlot = config.get(AlgorithmConfig.NUM_ENVS_PER_ENV_RUNNER);
    if (slot == null) {
      slot = new Slot(config.newSampler(environments, perSlot, sample.slot() * perSlot));
      slots.put(sample.slot(), slot);
    } else if (sample.after() == 0) {
      slot.sampler.close();
      slot = new Slot(config.newSampler(environments, perSlot, sample.slot() * perSlot));
      slots.put(sample.slot(), slot);
    }
    if (state.length > 0) {
      slot.sampler.restore(FragmentBytes.toParts(state));
    }
    slot.after = sample.after();
    slot.lastAnswer = null;
    return slot;
  }

  private Sampled offer(Sample sample, Answer answer) {
    byte[] state = answer.state();
    return new Sampled(
        sample.round(),
        sample.slot(),
        bulk.offer(answer.fragments(), 1),
        state == null ? null : bulk.offer(state, 1));
  }
}
