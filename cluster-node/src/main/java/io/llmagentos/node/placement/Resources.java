package io.llmagentos.node.placement;

/**
 * What a node has, or a member takes of it.
 *
 * @param memoryMegabytes of the process that hosts
 */
public record Resources(int cores, int memoryMegabytes, int gpus) {
  public static final Resources NONE = new Resources(0, 0, 0);

  Resources plus(Resources other) {
    return new Resources(
        cores + other.cores, memoryMegabytes + other.memoryMegabytes, gpus + other.gpus);
  }

  Resources minus(Resources other) {
    return new Resources(
        cores - other.cores, memoryMegabytes - other.memoryMegabytes, gpus - other.gpus);
  }

  boolean fitsIn(Resources free) {
    return cores <= free.cores && memoryMegabytes <= free.memoryMegabytes && gpus <= free.gpus;
  }

  @Override
  public String toString() {
    return cores
        + (cores == 1 ? " core" : " cores")
        + (memoryMegabytes > 0 ? ", " + memoryMegabytes + " MB" : "")
        + (gpus > 0 ? ", " + gpus + (gpus == 1 ? " gpu" : " gpus") : "");
  }
}
