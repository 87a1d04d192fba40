package io.llmagentos.node.job;

import com.fasterxml.jackson.core.JsonProcessingException;
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
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiFunction;
import javax.sql.DataSource;
import org.apache.pekko.NotUsed;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.server.PathMatchers;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/** {@code /v1/jobs}: submit, list, describe, follow, pause, resume, cancel, delete. */
final class JobRoutes extends Api {
  private static final int LISTED = 1000;
  private static final int PROGRESS_PAGE = 500;

  private final Node node;
  private final JobKinds kinds;
  private final Jobs jobs;
  private final ArtifactStore artifacts;
  private final DataSource database;

  JobRoutes(Node node, JobKinds kinds, Jobs jobs, ArtifactStore artifacts) {
    super(node);
    this.node = node;
    this.kinds = kinds;
    this.jobs = jobs;
    this.artifacts = artifacts;
    this.database = node.database().dataSource();
  }

  Route route() {
    return pathPrefix(
        "v1",
        () -> pathPrefix(
            "jobs",
            () -> withContext(context -> concat(
                pathEndOrSingleSlash(
                    () -> concat(post(() -> submit(context)), get(() -> list(context)))),
                path(
                    PathMatchers.segment(),
                    id -> concat(
                        get(() -> describe(context, id)), delete(() -> delete(context, id)))),
                path(
                    PathMatchers.segment().slash("metrics"), id -> get(() -> metrics(context, id))),
                path(
                    PathMatchers.segment().slash("checkpoint"),
                    id -> get(() -> checkpoint(context, id))),
                control(context, "pause", (found, key) -> found.pause(key)),
                control(context, "resume", (found, key) -> found.resume(key)),
                control(context, "cancel", (found, key) -> found.cancel(key))))));
  }

  private Route submit(Context context) {
    return withBody(bytes -> {
      ObjectNode root = JobSpec.tree(bytes);
      JsonNode id = root.remove("id");
      JobKey key = new JobKey(
          context.tenant(),
          id == null || id.isNull()
              ? "job_" + UUID.randomUUID().toString().replace("-", "").substring(0, 20)
              : id.asText());
      JobSpec spec = JobSpec.of(root);
      return completeLater(jobs.submit(key, context, spec)
          .thenApply(description -> json(201, describe(key, description))));
    });
  }

  private Route list(Context context) {
    return completeLater(CompletableFuture.supplyAsync(
        () -> {
          ObjectNode body = JSON.createObjectNode().put("object", "list");
          ArrayNode data = body.putArray("data");
          JobIndex.read(database, context.tenant(), LISTED)
              .forEach(row -> data.addObject()
                  .put("id", row.id())
                  .put("object", "job")
                  .put("type", row.kind())
                  .put("name", row.name())
                  .put("principal", row.principal())
                  .put("status", row.status())
                  .put("reason", row.reason())
                  .put("iteration", row.iteration())
                  .put("submitted_at", row.submittedAt().toString()));
          return json(200, body);
        },
        node.blockingExecutor()));
  }

  private Route describe(Context context, String id) {
    JobKey key = new JobKey(context.tenant(), id);
    return completeLater(jobs.describe(key, Long.MAX_VALUE)
        .thenApply(description -> json(200, describe(key, description))));
  }

  private Route delete(Context context, String id) {
    return completeLater(jobs.delete(new JobKey(context.tenant(), id))
        .thenApply(deleted -> json(
            200, JSON.createObjectNode().put("id", id).put("object", "job").put("deleted", true))));
  }

  /** The latest checkpoint's bytes. */
  private Route checkpoint(Context context, String id) {
    JobKey key = new JobKey(context.tenant(), id);
    return completeLater(jobs.describe(key, Long.MAX_VALUE)
        .thenApplyAsync(
            description -> {
              if (description.checkpoints().isEmpty()) {
                throw new AgentOsException(
                    ErrorCode.NOT_FOUND, "job " + id + " has no checkpoint yet");
              }
              return HttpResponse.create()
                  .withEntity(HttpEntities.create(
                      ContentTypes.APPLICATION_OCTET_STREAM,
                      artifacts.locate(
                          new ArtifactId(description.checkpoints().getLast().artifact()))));
            },
            node.blockingExecutor()));
  }

  private Route control(
      Context context,
      String action,
      BiFunction<Jobs, JobKey, CompletionStage<Job.Description>> control) {
    return path(
        PathMatchers.segment().slash(action),
        id -> post(() -> withBody(ignored -> {
          JobKey key = new JobKey(context.tenant(), id);
          return completeLater(control
              .apply(jobs, key)
              .thenApply(description -> json(200, describe(key, description))));
        })));
  }

  /** JSON lines, or server-sent events {@code status} and {@code metrics} until the job ends for {@code Accept: text/event-stream}. */
  private Route metrics(Context context, String id) {
    JobKey key = new JobKey(context.tenant(), id);
    return extractRequest(request -> parameterOptional("after", after -> {
      boolean streaming = request
          .getHeader("accept")
          .map(HttpHeader::value)
          .filter(value -> value.contains("text/event-stream"))
          .isPresent();
      long from = iteration(after
          .or(() -> request.getHeader("last-event-id").map(HttpHeader::value))
          .orElse("0"));
      return completeLater(jobs.describe(key, Long.MAX_VALUE)
          .thenApply(known -> streaming
              ? events(live(key, from).mapConcat(description -> events(key, description)))
              : lines(pages(key, from).mapConcat(Job.Description::lines))));
    }));
  }

  private static long iteration(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST, "after must be an iteration, is '" + text + "'", "after");
    }
  }

  private static HttpResponse lines(Source<ProgressLine, NotUsed> lines) {
    return HttpResponse.create()
        .withEntity(HttpEntities.createChunked(
            ContentTypes.create(MediaTypes.applicationBinary("x-ndjson", true)),
            lines.map(line -> ByteString.fromString(line.metrics() + "\n"))));
  }

  /** What is recorded, then what comes. */
  private Source<Job.Description, NotUsed> live(JobKey key, long from) {
    AtomicLong reached = new AtomicLong(from);
    return pages(key, from)
        .map(page -> {
          reached.set(page.lines().getLast().iteration());
          return page;
        })
        .concat(Source.lazySource(() -> jobs.follow(key, reached.get())));
  }

  /** The progress that there is after an iteration, and no more. */
  private Source<Job.Description, NotUsed> pages(JobKey key, long from) {
    return Source.unfoldAsync(
        from,
        after -> page(key, after)
            .thenApply(page -> page.lines().isEmpty()
                ? Optional.<Pair<Long, Job.Description>>empty()
                : Optional.of(Pair.create(page.lines().getLast().iteration(), page)))
            .toCompletableFuture());
  }

  /** The job's memory holds its latest progress; what is older comes from the table. */
  private CompletionStage<Job.Description> page(JobKey key, long after) {
    return jobs.describe(key, after).thenCompose(known -> {
      if (known.lines().isEmpty() || known.lines().getFirst().iteration() <= after + 1) {
        return CompletableFuture.completedFuture(known);
      }
      long before = known.lines().getFirst().iteration();
      return CompletableFuture.supplyAsync(
          () -> {
            List<ProgressLine> older =
                JobIndex.progress(database, key, after, before, PROGRESS_PAGE);
            return older.isEmpty() ? known : with(known, older);
          },
          node.blockingExecutor());
    });
  }

  private static Job.Description with(Job.Description now, List<ProgressLine> lines) {
    return new Job.Description(
        now.spec(),
        now.principal(),
        now.status(),
        now.reason(),
        now.epoch(),
        now.node(),
        now.checkpoints(),
        lines,
        now.summary(),
        now.submittedAt(),
        now.startedAt(),
        now.endedAt());
  }

  private List<ByteString> events(JobKey key, Job.Description description) {
    List<ByteString> events = new java.util.ArrayList<>();
    description
        .lines()
        .forEach(
            line -> events.add(event(Long.toString(line.iteration()), "metrics", line.metrics())));
    if (description.lines().isEmpty()) {
      events.add(event("", "status", describe(key, description)));
    }
    return events;
  }

  private ObjectNode describe(JobKey key, Job.Description job) {
    ObjectNode json = JSON.createObjectNode()
        .put("id", key.id())
        .put("object", "job")
        .put("type", job.spec().kind())
        .put("name", job.spec().name())
        .put("priority", job.spec().priority())
        .put("principal", job.principal())
        .put("status", job.status().id())
        .put("reason", job.reason())
        .put("epoch", job.epoch())
        .put("driver_node", job.node())
        .put("submitted_at", job.submittedAt().toString());
    if (job.startedAt() != null) {
      json.put("started_at", job.startedAt().toString());
    }
    if (job.endedAt() != null) {
      json.put("ended_at", job.endedAt().toString());
    }
    JobKind.Curve curve = kinds.require(job.spec().kind()).curve();
    json.putObject("curve").put("x", curve.x()).put("y", curve.y()).put("label", curve.label());
    ArrayNode checkpoints = json.putArray("checkpoints");
    job.checkpoints()
        .forEach(checkpoint -> checkpoints
            .addObject()
            .put("artifact", checkpoint.artifact())
            .put("iteration", checkpoint.iteration()));
    try {
      json.set("summary", JSON.readTree(job.summary()));
      json.set("settings", JSON.readTree(job.spec().settings()));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
    return json;
  }
}
