package io.llmagentos.node.wire;

import com.typesafe.config.Config;
import java.util.List;
import org.apache.pekko.cluster.ConfigValidation;
import org.apache.pekko.cluster.Invalid;
import org.apache.pekko.cluster.JoinConfigCompatChecker;
import org.apache.pekko.cluster.Valid$;
import scala.collection.immutable.Seq;

/** Refuses the join of a node whose wire version is another: found by Pekko through the setting {@code checkers}. */
public final class WireVersionCheck extends JoinConfigCompatChecker {
  public static final String KEY = "llmagentos.wire.version";

  @Override
  public Seq<String> requiredKeys() {
    return toSeq(List.of(KEY));
  }

  @Override
  public ConfigValidation check(Config toCheck, Config actual) {
    String theirs = toCheck.hasPath(KEY) ? toCheck.getString(KEY) : "none";
    String ours = actual.getString(KEY);
    return theirs.equals(ours)
        ? Valid$.MODULE$
        : new Invalid(toSeq(List.of("wire_incompatible: wire version '" + theirs
            + "' does not match '" + ours + "'; run the same LLMAgentOS on every node")));
  }

  private static Seq<String> toSeq(List<String> list) {
    return scala.jdk.javaapi.CollectionConverters.asScala(list).toList();
  }
}
