package io.llmagentos.rl.env.registration;

import java.util.Comparator;
import java.util.Set;
import java.util.TreeSet;
import org.apache.commons.text.similarity.LevenshteinDistance;

/** The known name that somebody probably meant. */
final class Nearest {
  private Nearest() {}

  /** @param known not empty */
  static String to(String name, Set<String> known) {
    return new TreeSet<>(known)
        .stream()
            .min(Comparator.comparingInt(
                candidate -> LevenshteinDistance.getDefaultInstance().apply(candidate, name)))
            .orElseThrow();
  }
}
