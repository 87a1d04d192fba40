package io.llmagentos.rl.job;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.node.Node;
import io.llmagentos.node.artifact.ArtifactId;
import io.llmagentos.node.artifact.ArtifactStore;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.http.Api;
import io.llmagentos.node.job.Job;
import io.llmagentos.node.job.JobKey;
import io.llmagentos.node.job.JobKind;
import io.llmagentos.node.job.JobKinds;
import io.llmagentos.node.job.Jobs;
import io.llmagentos.rl.algorithm.TrainedPolicy;
import io.llmagentos.rl.env.registration.EnvRegistry;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.PathMatchers;
import org.apache.pekko.http.javadsl.server.Route;

/**
 * {@code POST /v1/policies/JOB/actions}: a trained policy answers observations with actions, on any node, from the job's latest checkpoint. What a policy
 * remembers goes out as {@code state_out} and comes back as {@code state_in}: the door keeps nothing.
 */
final class PolicyRoutes extends Api {
  private static final int CACHED = 16;
  private static final int MOST_OBSERVATIONS = 10_000;
  private static final List<String> FIELDS = List.of("observations", "state_in");

  private final Node node;
  private final Map<String, TrainedPolicy> cache = new LinkedHashMap<>(16, 0.75f, true) {
    private static final long serialVersionUID = 1L;

    @Override
    protected boolean removeEldestEntry(Map.Entry<String, TrainedPolicy> eldest) {
      return size() > CACHED;
    }
  };

  PolicyRoutes(Node node) {
    super(node);
    this.node = node;
  }

  Route route() {
    return pathPrefix(
        "v1",
        () -> pathPrefix(
            "policies",
            () -> path(
                PathMatchers.segment().slash("actions"),
                id ->
                    post(() -> withContext(context -> withJson(body -> act(context, id, body)))))));
  }

  private Route act(Context context, String id, JsonNode body) {
    JsonNode observations = body.path("observations");
    if (!observations.isArray() || observations.isEmpty()) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          "observations must be a list of at least one observation, is "
              + observations.getNodeType(),
          "observations");
    } else if (observations.size() > MOST_OBSERVATIONS) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          observations.size() + " observations in one request, at most " + MOST_OBSERVATIONS,
          "observations");
    }
    body.fieldNames().forEachRemaining(field -> {
      if (!FIELDS.contains(field)) {
        throw new AgentOsException(
            ErrorCode.INVALID_REQUEST,
            "unknown field '" + field + "'; there are " + String.join(" and ", FIELDS),
            field);
      }
    });
    return completeLater(node.service(Jobs.class)
        .describe(new JobKey(context.tenant(), id), Long.MAX_VALUE)
        .thenApplyAsync(
            job -> answer(id, job, observations, body.path("state_in")), node.blockingExecutor()));
  }

  private HttpResponse answer(
      String id, Job.Description job, JsonNode observations, JsonNode stateIn) {
    JobKind kind = node.service(JobKinds.class).require(job.spec().kind());
    if (!(kind instanceof RlJob rl)) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          "job " + id + " is " + kind.name() + ", which trains no policy",
          "id");
    }
    if (job.checkpoints().isEmpty()) {
      throw new AgentOsException(
          ErrorCode.NOT_FOUND,
          "job " + id + " has no checkpoint yet; it is " + job.status().id());
    }
    TrainedPolicy policy = policy(rl, job);
    List<float[]> states = states(policy, stateIn, observations.size());
    ObjectNode answer = JSON.createObjectNode()
        .put("object", "actions")
        .put("job", id)
        .put("iteration", job.checkpoints().getLast().iteration());
    ArrayNode actions = answer.putArray("actions");
    for (int i = 0; i < observations.size(); i++) {
      Object observation = JSON.convertValue(observations.get(i), Object.class);
      actions.addPOJO(policy.action(observation, states.get(i)));
    }
    if (policy.stateWidth() > 0) {
      ArrayNode stateOut = answer.putArray("state_out");
      states.forEach(stateOut::addPOJO);
    }
    return json(200, answer);
  }

  /** One for each observation; where the request has none, episodes begin. */
  private static List<float[]> states(TrainedPolicy policy, JsonNode given, int count) {
    List<float[]> states = new ArrayList<>();
    if (given.isMissingNode()) {
      for (int i = 0; i < count; i++) {
        states.add(new float[policy.stateWidth()]);
      }
      return states;
    }
    if (policy.stateWidth() == 0) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          "the policy remembers nothing, so that there can be no state_in",
          "state_in");
    }
    if (!given.isArray() || given.size() != count) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          "state_in must be a list of " + count + " states, one for each observation, is "
              + (given.isArray() ? "one of " + given.size() : given.getNodeType()),
          "state_in");
    }
    given.forEach(state -> states.add(policy.state(JSON.convertValue(state, Object.class))));
    return states;
  }

  private TrainedPolicy policy(RlJob rl, Job.Description job) {
    String artifact = job.checkpoints().getLast().artifact();
    synchronized (cache) {
      TrainedPolicy known = cache.get(artifact);
      if (known != null) {
        return known;
      }
    }
    TrainedPolicy loaded = TrainedPolicy.load(
        rl.experiment(job.spec().tree()).config(),
        node.service(EnvRegistry.class),
        node.service(ArtifactStore.class).read(new ArtifactId(artifact)));
    synchronized (cache) {
      cache.put(artifact, loaded);
    }
    return loaded;
  }
}
