package io.llmagentos.node.placement;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmagentos.node.placement.Placements.Decision;
import io.llmagentos.node.placement.Placements.EpochLost;
import io.llmagentos.node.placement.Placements.Granted;
import io.llmagentos.node.placement.Placements.MembersChanged;
import io.llmagentos.node.placement.Placements.Offer;
import io.llmagentos.node.placement.Placements.Queued;
import io.llmagentos.node.placement.Placements.StartMember;
import io.llmagentos.node.placement.Placements.StopMember;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PlacementsTest {
  private static final Resources ONE = new Resources(1, 0, 0);
  private static final Instant NOON = Instant.parse("2026-11-25T12:00:00Z");

  private final Placements placements =
      new Placements(tenant -> tenant.equals("poor") ? 2 : 1000, Duration.ofSeconds(30));

  @Test
  void shouldGrantAGangOnlyWhenAllOfItFits() {
    assertThat(offer("a", 2)).isEmpty();
    List<Decision> decisions = wish("job", 2, 2);
    assertThat(decisions).singleElement().isInstanceOf(Queued.class);
    assertThat(((Queued) decisions.getFirst()).reason())
        .contains("needs 2 x runner of 1 core")
        .contains("even when they are empty they hold too little");
    assertThat(offer("b", 2)).containsExactly(new Granted("job"));
  }

  @Test
  void shouldStartWhatWasHeldUnderTheNewEpoch() {
    offer("a", 2);
    offer("b", 2);
    wish("job", 2, 2);
    List<Decision> started = placements.started("job", 7, "payload", NOON);
    assertThat(started).hasSize(3).allSatisfy(decision -> {
      StartMember start = (StartMember) decision;
      assertThat(start.member().epoch()).isEqualTo(7);
      assertThat(start.payload()).isEqualTo("payload");
    });
    assertThat(started.stream().map(each -> ((StartMember) each).host()))
        .as("spread over both nodes")
        .contains("a", "b");
    assertThat(placements.running(member("job", 7, "driver", 0)))
        .containsExactly(new MembersChanged("job", 7));
    assertThat(placements.runningMembers("job", 7)).hasSize(1);
  }

  @Test
  void shouldReplaceALostWorkerWithinItsEpoch() {
    offer("a", 1);
    offer("b", 1);
    offer("c", 1);
    wish("job", 1, 1);
    run("job", 1);
    String worker = host("job", 1, "runner");
    List<Decision> decisions = placements.gone(worker, NOON);
    assertThat(decisions).contains(new MembersChanged("job", 1));
    StartMember again = only(decisions, StartMember.class);
    assertThat(again.member()).isEqualTo(new MemberId("job", 1, "runner", 0, 1));
    assertThat(again.host()).isNotEqualTo(worker);
  }

  @Test
  void shouldEndTheEpochWhenItsDriverIsLostAndStopTheRest() {
    offer("a", 1);
    offer("b", 1);
    wish("job", 1, 1);
    run("job", 1);
    String worker = host("job", 1, "runner");
    List<Decision> decisions = placements.gone(host("job", 1, "driver"), NOON);
    assertThat(only(decisions, EpochLost.class).epoch()).isEqualTo(1);
    assertThat(only(decisions, StopMember.class).host()).isEqualTo(worker);
    assertThat(offer("c", 2)).as("nothing before the owner asks again").isEmpty();
    assertThat(placements.ended(member("job", 1, "runner", 0), "stopped", NOON)).isEmpty();
    assertThat(placements.wished(wished("job", 1, false, 0, 1, 1), "", NOON))
        .contains(new Granted("job"));
  }

  @Test
  void shouldNotUseRoomBeforeTheStoppedMemberLeftIt() {
    offer("a", 2);
    wish("job", 1, 1);
    run("job", 1);
    placements.withdrawn("job", NOON);
    assertThat(only(wish("next", 1, 1), Queued.class).reason()).contains("the freest has 0 cores");
    placements.ended(member("job", 1, "driver", 0), "stopped", NOON);
    assertThat(placements.ended(member("job", 1, "runner", 0), "stopped", NOON))
        .containsExactly(new Granted("next"));
  }

  @Test
  void shouldGrowWithNodesThatJoinUpToTheMaximum() {
    offer("a", 2);
    wish("job", 1, 3);
    run("job", 1);
    List<Decision> grown = offer("b", 8);
    assertThat(grown)
        .hasSize(2)
        .allSatisfy(each -> assertThat(((StartMember) each).host()).isEqualTo("b"));
  }

  @Test
  void shouldPreferPriorityThenAgeAndNotStarveAGang() {
    offer("a", 2);
    wish("running", 1, 1);
    run("running", 1);
    wish("big", 1, 1);
    assertThat(only(wish("small", 0, 0), Queued.class).reason()).contains("earlier job waits");
    placements.withdrawn("running", NOON);
    placements.ended(member("running", 1, "driver", 0), "stopped", NOON);
    List<Decision> decisions = placements.ended(member("running", 1, "runner", 0), "stopped", NOON);
    assertThat(decisions).contains(new Granted("big")).doesNotContain(new Granted("small"));
    assertThat(placements.wished(wished("urgent", 0, false, 50, 0, 0), "", NOON))
        .hasOnlyElementsOfType(Queued.class);
  }

  @Test
  void shouldLetOthersPassAWishThatCanNeverBePlaced() {
    offer("a", 2);
    wish("huge", 9, 9);
    assertThat(wish("small", 1, 1)).containsExactly(new Granted("small"));
  }

  @Test
  void shouldKeepATenantWithinItsQuota() {
    offer("a", 8);
    Wish wish = new Wish("job", 0, false, "rl", "poor", 0, NOON, groups(2, 2));
    assertThat(only(placements.wished(wish, "", NOON), Queued.class).reason())
        .contains("tenant 'poor' may hold 2 cores (llmagentos.jobs.quotas)");
    assertThat(wish("other", 1, 1)).containsExactly(new Granted("other"));
  }

  @Test
  void shouldAdoptWhatRunsWhenTheSchedulerMoved() {
    MemberId driver = member("job", 4, "driver", 0);
    placements.offered(
        new Offer("a", Set.of("learner", "rollout"), Set.of("rl"), new Resources(2, 1000, 0)),
        Map.of(driver, groups(1, 1).getFirst()),
        NOON);
    List<Decision> decisions = placements.wished(wished("job", 4, true, 0, 1, 1), "again", NOON);
    assertThat(decisions).contains(new MembersChanged("job", 4));
    assertThat(only(decisions, StartMember.class).payload()).isEqualTo("again");
  }

  @Test
  void shouldTellTheOwnerWhenTheSchedulerMovedAndItsDriverIsGone() {
    offer("a", 2);
    assertThat(only(placements.wished(wished("job", 4, true, 0, 1, 1), "", NOON), EpochLost.class)
            .epoch())
        .isEqualTo(4);
  }

  @Test
  void shouldStopMembersThatNobodyClaims() {
    MemberId driver = member("job", 4, "driver", 0);
    placements.offered(
        new Offer("a", Set.of("learner"), Set.of("rl"), new Resources(2, 1000, 0)),
        Map.of(driver, groups(1, 1).getFirst()),
        NOON);
    assertThat(placements.ticked(NOON.plusSeconds(29))).isEmpty();
    assertThat(placements.ticked(NOON.plusSeconds(31))).contains(new StopMember("a", driver));
  }

  @Test
  void shouldGiveUpAnEpochWhoseWorkerKeepsFailing() {
    offer("a", 4);
    wish("job", 1, 1);
    run("job", 1);
    for (int incarnation = 0; incarnation < 2; incarnation++) {
      MemberId failing = new MemberId("job", 1, "runner", 0, incarnation);
      placements.running(failing);
      assertThat(only(placements.ended(failing, "NaN", NOON), StartMember.class))
          .isNotNull();
    }
    assertThat(only(
                placements.ended(new MemberId("job", 1, "runner", 0, 2), "NaN", NOON),
                EpochLost.class)
            .reason())
        .isEqualTo("runner-0 failed 3 times: NaN");
  }

  @Test
  void shouldRepeatAStartThatIsNotAnswered() {
    offer("a", 2);
    wish("job", 0, 0);
    placements.started("job", 1, "", NOON);
    assertThat(placements.ticked(NOON.plusSeconds(4)))
        .hasOnlyElementsOfType(StartMember.class)
        .hasSize(1);
  }

  @Test
  void shouldReleaseRoomThatIsHeldForAnOwnerThatDied() {
    offer("a", 1);
    wish("dead", 0, 0);
    wish("next", 0, 0);
    placements.ticked(NOON.plusSeconds(16));
    placements.withdrawn("dead", NOON.plusSeconds(16));
    assertThat(wish("next", 0, 0)).contains(new Granted("next"));
  }

  /** Whatever happens in whatever order, no node is ever promised more than it has and no place is filled twice. */
  @Test
  void shouldNeverOvercommitANode() {
    for (int seed = 0; seed < 200; seed++) {
      Random random = new Random(seed);
      Placements all = new Placements(tenant -> 1000, Duration.ofSeconds(30));
      Map<MemberId, String> alive = new java.util.HashMap<>();
      Map<String, Long> epochs = new java.util.HashMap<>();
      Map<String, Boolean> placed = new java.util.HashMap<>();
      for (int step = 0; step < 150; step++) {
        Instant now = NOON.plusSeconds(step);
        String host = "h" + random.nextInt(3);
        String job = "j" + random.nextInt(4);
        List<Decision> decisions = new ArrayList<>(
            switch (random.nextInt(6)) {
              case 0 ->
                all.knows(host)
                    ? List.of()
                    : all.offered(
                        new Offer(
                            host,
                            Set.of("learner", "rollout"),
                            Set.of("rl"),
                            new Resources(3, 0, 0)),
                        Map.of(),
                        now);
              case 1 -> {
                if (random.nextInt(4) == 0) {
                  alive.values().removeIf(host::equals);
                  yield all.gone(host, now);
                }
                yield List.of();
              }
              case 2, 3 ->
                all.wished(
                    wished(
                        job,
                        epochs.getOrDefault(job, 0L),
                        placed.getOrDefault(job, false),
                        random.nextInt(3),
                        1,
                        2),
                    "",
                    now);
              case 4 -> {
                MemberId some = alive.isEmpty()
                    ? null
                    : List.copyOf(alive.keySet()).get(random.nextInt(alive.size()));
                if (some == null) {
                  yield List.of();
                }
                alive.remove(some);
                yield all.ended(some, "died", now);
              }
              default -> all.ticked(now);
            });
        while (!decisions.isEmpty()) {
          switch (decisions.removeFirst()) {
            case StartMember start -> {
              boolean filled = alive.keySet().stream()
                  .anyMatch(other -> other.owner().equals(start.member().owner())
                      && other.epoch() == start.member().epoch()
                      && other.group().equals(start.member().group())
                      && other.index() == start.member().index()
                      && !other.equals(start.member()));
              assertThat(filled).as("seed %s: %s twice", seed, start.member()).isFalse();
              alive.put(start.member(), start.host());
              decisions.addAll(all.running(start.member()));
            }
            case StopMember stop -> {
              alive.remove(stop.member());
              decisions.addAll(all.ended(stop.member(), "stopped", now));
            }
            case Granted granted -> {
              if (!placed.getOrDefault(granted.owner(), false)) {
                long epoch = epochs.merge(granted.owner(), 1L, Long::sum);
                placed.put(granted.owner(), true);
                decisions.addAll(all.started(granted.owner(), epoch, "", now));
              }
            }
            case EpochLost lost -> placed.put(lost.owner(), false);
            case Queued queued -> assertThat(queued.reason()).isNotEmpty();
            case MembersChanged changed -> assertThat(changed.epoch()).isPositive();
          }
          for (String name : List.of("h0", "h1", "h2")) {
            assertThat(alive.values().stream().filter(name::equals).count())
                .as("seed %s: members on %s", seed, name)
                .isLessThanOrEqualTo(3);
          }
        }
      }
    }
  }

  private List<Decision> offer(String host, int cores) {
    return placements.offered(
        new Offer(host, Set.of("learner", "rollout"), Set.of("rl"), new Resources(cores, 1000, 0)),
        Map.of(),
        NOON);
  }

  private List<Decision> wish(String owner, int minimum, int maximum) {
    return placements.wished(wished(owner, 0, false, 0, minimum, maximum), "", NOON);
  }

  private void run(String owner, long epoch) {
    placements.started(owner, epoch, "", NOON).forEach(decision -> {
      if (decision instanceof StartMember start) {
        placements.running(start.member());
      }
    });
  }

  private String host(String owner, long epoch, String group) {
    return placements.runningMembers(owner, epoch).entrySet().stream()
        .filter(entry -> entry.getKey().group().equals(group))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElseThrow();
  }

  private static Wish wished(
      String owner, long epoch, boolean placed, int priority, int minimum, int maximum) {
    return new Wish(owner, epoch, placed, "rl", "rich", priority, NOON, groups(minimum, maximum));
  }

  private static List<Group> groups(int minimum, int maximum) {
    return List.of(
        new Group("driver", "learner", 1, 1, ONE, true),
        new Group("runner", "rollout", minimum, maximum, ONE, false));
  }

  private static MemberId member(String owner, long epoch, String group, int index) {
    return new MemberId(owner, epoch, group, index, 0);
  }

  private static <T> T only(List<Decision> decisions, Class<T> type) {
    List<T> found = decisions.stream().filter(type::isInstance).map(type::cast).toList();
    assertThat(found).as("%s in %s", type.getSimpleName(), decisions).hasSize(1);
    return found.getFirst();
  }
}
