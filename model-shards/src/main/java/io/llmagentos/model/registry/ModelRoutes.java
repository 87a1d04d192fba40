package io.llmagentos.model.registry;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.node.Node;
import io.llmagentos.node.artifact.ArtifactId;
import io.llmagentos.node.artifact.ArtifactStore;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.http.Api;
import io.llmagentos.node.job.JobKey;
import io.llmagentos.node.job.Jobs;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.PathMatchers;
import org.apache.pekko.http.javadsl.server.Route;

/** {@code POST /v1/models}: publish the newest checkpoint of a training as a model; {@code DELETE /v1/models/ID}: withdraw it. */
public final class ModelRoutes extends Api {
  private final ModelRegistry registry;
  private final Jobs jobs;
  private final ArtifactStore artifacts;
  private final Node node;

  public ModelRoutes(Node node, ModelRegistry registry) {
    super(node);
    this.node = node;
    this.registry = registry;
    this.jobs = node.service(Jobs.class);
    this.artifacts = node.service(ArtifactStore.class);
  }

  public Route route() {
    return pathPrefix(
        "v1",
        () -> pathPrefix(
            "models",
            () -> concat(
                pathEndOrSingleSlash(() ->
                    post(() -> withContext(context -> withJson(body -> publish(context, body))))),
                path(
                    PathMatchers.segment(),
                    name -> delete(() -> withContext(context -> completeLater(registry
                        .withdraw(ModelRegistry.requireName(name, "model"), context.principal())
                        .thenApply(withdrawn -> json(
                            200,
                            JSON.createObjectNode()
                                .put("id", name)
                                .put("object", "model")
                                .put("deleted", true))))))))));
  }

  private Route publish(Context context, JsonNode body) {
    body.fieldNames().forEachRemaining(key -> {
      if (!key.equals("id") && !key.equals("job")) {
        throw new AgentOsException(
            ErrorCode.INVALID_REQUEST, "unknown key '" + key + "'; known are id, job", key);
      }
    });
    String name = ModelRegistry.requireName(body.path("id").asText(), "id");
    JobKey job = new JobKey(context.tenant(), body.path("job").asText());
    return completeLater(jobs.describe(job, Long.MAX_VALUE)
        .thenComposeAsync(
            described -> {
              if (described.checkpoints().isEmpty()) {
                throw new AgentOsException(
                    ErrorCode.NOT_FOUND, "job " + job.id() + " has no checkpoint yet", "job");
              }
              ArtifactId archive =
                  new ArtifactId(described.checkpoints().getLast().artifact());
              ModelArchive.requireServable(artifacts.locate(archive));
              return published(name, archive, "job " + job.id(), context.principal());
            },
            node.blockingExecutor()));
  }

  private CompletionStage<HttpResponse> published(
      String name, ArtifactId archive, String source, String principal) {
    return registry
        .publish(name, archive, source, principal)
        .thenApply(done -> json(
            200,
            JSON.createObjectNode()
                .put("id", name)
                .put("object", "model")
                .put("archive", archive.sha256())
                .put("source", source)));
  }
}
