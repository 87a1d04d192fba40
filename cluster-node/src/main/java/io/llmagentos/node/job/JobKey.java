package io.llmagentos.node.job;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/** Which job. */
public record JobKey(String tenant, String id) {
  public JobKey {
    if (!id.matches("[A-Za-z0-9_-]{1,64}")) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          "the id of a job has 1 to 64 letters, digits, '-' and '_', is '"
              + (id.length() > 80 ? id.substring(0, 80) + "..." : id) + "'",
          "id");
    }
  }

  /** As sharding, the journal and the scheduler name it. */
  String entityId() {
    return URLEncoder.encode(tenant, StandardCharsets.UTF_8) + "/" + id;
  }

  static JobKey parse(String entityId) {
    int slash = entityId.indexOf('/');
    return new JobKey(
        URLDecoder.decode(entityId.substring(0, slash), StandardCharsets.UTF_8),
        entityId.substring(slash + 1));
  }

  /** As the artifact store knows it. */
  String holder() {
    return "job-" + id + "-" + HexFormat.of().toHexDigits(tenant.hashCode());
  }
}
