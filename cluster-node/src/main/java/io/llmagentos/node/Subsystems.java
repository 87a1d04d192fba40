package io.llmagentos.node;

import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;

/** The subsystems on the class path, in the order of their names. */
public final class Subsystems {
  private Subsystems() {}

  public static List<Subsystem> discover() {
    return ServiceLoader.load(Subsystem.class).stream()
        .map(ServiceLoader.Provider::get)
        .sorted(Comparator.comparing(Subsystem::name))
        .toList();
  }
}
