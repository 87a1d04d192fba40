package io.llmagentos.agent.personal;

import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The virtual devices at home.
 *
 * @param lights by place; the place "all" is what a place not yet named starts from
 * @param plugs by name: on or off
 * @param coffee the last coffee made, null: none yet
 * @param vacuum the last cleaning, null: none yet
 */
public record Devices(
    Map<String, Light> lights,
    Map<String, Boolean> plugs,
    @Nullable Coffee coffee,
    @Nullable Cleaning vacuum) {
  public record Coffee(String kind, Instant at) {}

  /** Cleaning from {@code since} to {@code until}; null: it goes on. */
  public record Cleaning(
      String place, Instant since, @Nullable Instant until) {
    Cleaning stopped(Instant at) {
      return until == null ? new Cleaning(place, since, at) : this;
    }
  }

  static final Devices NEW = new Devices(Map.of(), Map.of(), null, null);

  public Devices {
    lights = Collections.unmodifiableMap(new TreeMap<>(lights));
    plugs = Collections.unmodifiableMap(new TreeMap<>(plugs));
  }

  Devices apply(DeviceEvent event) {
    return switch (event) {
      case DeviceEvent.LightChanged e ->
        new Devices(with(lights, e.place(), e.light()), plugs, coffee, vacuum);
      case DeviceEvent.PlugSwitched e ->
        new Devices(lights, with(plugs, e.plug(), e.on()), coffee, vacuum);
      case DeviceEvent.CoffeeStarted e ->
        new Devices(lights, plugs, new Coffee(e.kind(), e.at()), vacuum);
      case DeviceEvent.CleaningStarted e ->
        new Devices(lights, plugs, coffee, new Cleaning(e.place(), e.at(), null));
      case DeviceEvent.CleaningStopped e ->
        new Devices(lights, plugs, coffee, vacuum == null ? null : vacuum.stopped(e.at()));
    };
  }

  boolean cleaning() {
    return vacuum != null && vacuum.until() == null;
  }

  Light light(String place) {
    Light known = lights.get(place);
    return known != null ? known : lights.getOrDefault("all", Light.OFF);
  }

  private static <V> Map<String, V> with(Map<String, V> map, String key, V value) {
    Map<String, V> copy = new TreeMap<>(map);
    copy.put(key, value);
    return copy;
  }
}
