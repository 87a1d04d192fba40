package io.llmagentos.node.job;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.placement.Group;
import io.llmagentos.node.placement.MemberCommand;
import io.llmagentos.node.placement.MemberId;
import io.llmagentos.node.placement.Members;
import io.llmagentos.node.placement.Resources;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/** Counts to {@code until}, one checkpoint a number; {@code fail_at} throws there as long as there is no checkpoint behind it; {@code hold_at} waits. */
final class CountingKind implements JobKind {
  record Next() implements MemberCommand {}

  @Override
  public String name() {
    return "test/count";
  }

  @Override
  public List<Group> plan(JsonNode settings) {
    if (!settings.path("until").isInt()) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          "until must be a whole number, is " + settings.path("until"),
          "until");
    }
    int workers = settings.path("workers").asInt(0);
    Resources one = new Resources(1, 0, 0);
    return List.of(
        new Group(JobKinds.DRIVER, "learner", 1, 1, one, true),
        new Group("worker", "rollout", workers, workers, one, false));
  }

  @Override
  public Behavior<MemberCommand> driver(DriverContext driver) {
    int from = driver
        .resumeFrom()
        .map(checkpoint ->
            Integer.parseInt(new String(driver.read(checkpoint), StandardCharsets.UTF_8)))
        .orElse(0);
    return Behaviors.setup(context -> {
      context.getSelf().tell(new Next());
      return counting(driver, from);
    });
  }

  private static Behavior<MemberCommand> counting(DriverContext driver, int reached) {
    JsonNode settings = driver.settings();
    return Behaviors.receive(MemberCommand.class)
        .onMessage(Members.class, members -> Behaviors.same())
        .onMessage(DriverCommand.Pause.class, pause -> {
          driver.paused();
          return Behaviors.same();
        })
        .onMessage(Next.class, next -> {
          if (reached == settings.path("hold_at").asInt(-1)) {
            return Behaviors.same();
          }
          if (reached >= settings.path("until").asInt()) {
            driver.complete("counted", "{\"count\":" + reached + "}");
            return Behaviors.same();
          }
          int now = reached + 1;
          if (now == settings.path("fail_at").asInt(-1)) {
            throw new IllegalStateException("cannot count to " + now);
          }
          return Behaviors.setup(context -> {
            context.pipeToSelf(
                driver
                    .report(List.of(new ProgressLine(now, "{\"count\":" + now + "}")))
                    .thenCompose(recorded -> driver.commit(
                        Integer.toString(now).getBytes(StandardCharsets.UTF_8), now, 2)),
                (checkpoint, failure) -> new Next());
            return counting(driver, now);
          });
        })
        .build();
  }

  @Override
  public Behavior<MemberCommand> worker(MemberId id, JsonNode settings) {
    return Behaviors.empty();
  }

  @Override
  public Curve curve() {
    return new Curve("count", "count", "count");
  }
}
