package io.llmagentos.node;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;

/** The subsystems on the class path, each after those it requires, otherwise in the order of their names. */
public final class Subsystems {
  private Subsystems() {}

  /** Find them; throws {@code IllegalStateException} when one requires what is not there, or in a circle. */
  public static List<Subsystem> discover() {
    List<Subsystem> waiting = new ArrayList<>(ServiceLoader.load(Subsystem.class).stream()
        .map(ServiceLoader.Provider::get)
        .sorted(Comparator.comparing(Subsystem::name))
        .toList());
    List<Subsystem> ordered = new ArrayList<>();
    List<String> started = new ArrayList<>();
    while (!waiting.isEmpty()) {
      Subsystem next = waiting.stream()
          .filter(subsystem -> started.containsAll(subsystem.requires()))
          .findFirst()
          .orElseThrow(() -> new IllegalStateException(
              "subsystems " + waiting.stream().map(Subsystem::name).toList()
                  + " require what is not on the class path, or each other"));
      waiting.remove(next);
      ordered.add(next);
      started.add(next.name());
    }
    return ordered;
  }
}
