package io.llmagentos.model.serving;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.apache.pekko.actor.typed.ActorRef;

/** The doors to the cluster's models, as this node knows them now. Thread-safe. */
final class ModelDirectory {
  private final Clock clock;
  private final Instant settledAt;
  private final Duration failoverTimeout;
  private final Set<String> everKnown = ConcurrentHashMap.newKeySet();
  private volatile Map<String, List<ActorRef<ModelDoor.Command>>> doors = Map.of();

  /**
   * @param findTimeout from now on, until which a model that nobody advertised yet may still appear
   * @param failoverTimeout how long a model that lost its last replica may take to come back
   */
  ModelDirectory(Clock clock, Duration findTimeout, Duration failoverTimeout) {
    this.clock = clock;
    this.settledAt = clock.instant().plus(findTimeout);
    this.failoverTimeout = failoverTimeout;
  }

  void list(Set<ActorRef<ModelDoor.Command>> advertised) {
    Map<String, List<ActorRef<ModelDoor.Command>>> byModel = advertised.stream()
        .sorted()
        .collect(Collectors.groupingBy(ModelDoor::modelOf, TreeMap::new, Collectors.toList()));
    everKnown.addAll(byModel.keySet());
    doors = byModel;
  }

  List<String> ids() {
    return List.copyOf(doors.keySet());
  }

  List<ActorRef<ModelDoor.Command>> doors(String model) {
    return doors.getOrDefault(model, List.of());
  }

  boolean wasKnown(String model) {
    return everKnown.contains(model);
  }

  /** Until when to wait for a door to a model that has none now. */
  Instant patience(String model) {
    return wasKnown(model) ? clock.instant().plus(failoverTimeout) : settledAt;
  }
}
