package io.llmagentos.node.job;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValueType;
import io.llmagentos.node.placement.Resources;
import java.util.Map;
import java.util.TreeMap;

/**
 * See {@code reference.conf}.
 *
 * @param quotas cores by tenant
 */
record JobSettings(Resources resources, int defaultQuota, Map<String, Integer> quotas) {
  /** A laptop of two cores must still run a driver with a few workers, which wait for each other most of the time. */
  private static final int FEWEST_CORES = 4;

  JobSettings {
    quotas = Map.copyOf(quotas);
  }

  static JobSettings create(Config section) {
    int cores = section.getInt("cores");
    int gpus = section.getInt("gpus");
    if (cores < 0 || gpus < 0) {
      throw new IllegalArgumentException(
          "cores and gpus must not be negative, are " + cores + " and " + gpus);
    }
    Map<String, Integer> quotas = new TreeMap<>();
    section.getObject("quotas").forEach((tenant, value) -> {
      if (value.valueType() != ConfigValueType.NUMBER) {
        throw new IllegalArgumentException(
            "quotas." + tenant + " must be a number of cores, is " + value.unwrapped());
      }
      quotas.put(tenant, ((Number) value.unwrapped()).intValue());
    });
    return new JobSettings(
        new Resources(
            cores > 0 ? cores : Math.max(FEWEST_CORES, Runtime.getRuntime().availableProcessors()),
            (int) (Runtime.getRuntime().maxMemory() >> 20),
            gpus),
        section.getInt("default-quota"),
        quotas);
  }

  /** Cores that a tenant's jobs may hold together. */
  int quota(String tenant) {
    return quotas.getOrDefault(tenant, defaultQuota);
  }
}
