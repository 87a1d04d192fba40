package io.llmagentos.deploy;

/** Where language models are trained: a core node and two workers, for all tests that leave it as they found it. */
final class TrainingCluster {
  // As many cores as the ranks need: one on each worker node. A process that hangs stays a member:
  // its rank is found missing by the others.
  static final LocalCluster CLUSTER =
      new LocalCluster("training", 1, 2, """
          llmagentos { jobs.cores = 1, model.nano = off }
          pekko.cluster.failure-detector.acceptable-heartbeat-pause = 120s
          """).computing().shared();

  private TrainingCluster() {}
}
