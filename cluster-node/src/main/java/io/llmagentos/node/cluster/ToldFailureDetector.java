package io.llmagentos.node.cluster;

import com.typesafe.config.Config;
import org.apache.pekko.actor.Address;
import org.apache.pekko.cluster.Cluster;
import org.apache.pekko.event.EventStream;
import org.apache.pekko.remote.DeadlineFailureDetector;
import org.apache.pekko.remote.DefaultFailureDetectorRegistry;

/**
 * Pekko's failure detector of one member, which can also be told that the member's process is gone. Without this a member that was downed stays in
 * the cluster until its heartbeats have been missed for long enough: only what is unreachable is removed. Silence is judged by a fixed deadline, so
 * that the time to a decision has a bound; the accrual detector takes the longer the more unevenly heartbeats came before. Made by Pekko through the
 * setting {@code implementation-class}.
 */
public final class ToldFailureDetector extends DeadlineFailureDetector {
  private volatile boolean gone;

  public ToldFailureDetector(Config config, EventStream events) {
    super(config, events);
  }

  @Override
  public boolean isAvailable() {
    return !gone && super.isAvailable();
  }

  /** Tell the detector of an address, if this node watches it, that nobody is there any more; a later member there has a detector of its own. */
  static void tellGone(Cluster cluster, Address address) {
    if (cluster.failureDetector() instanceof DefaultFailureDetectorRegistry<Address> registry) {
      var detector = registry.failureDetector(address);
      if (detector.isDefined() && detector.get() instanceof ToldFailureDetector told) {
        told.gone = true;
      }
    }
  }
}
