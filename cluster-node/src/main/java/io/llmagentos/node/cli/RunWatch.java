package io.llmagentos.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.report.LearningCurve;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/** Follows one job to its end, through whichever door answers, shows how far it is, and keeps its progress in files. */
final class RunWatch implements Callable<String> {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Doors doors;
  private final String id;
  private final JsonNode job;
  private final RunFiles files;
  private final long begun = System.nanoTime();
  private long iteration;
  private double firstX = Double.NaN;
  private double firstFraction;
  private long firstNanos;
  private String status = "";
  private String reason = "";

  RunWatch(Doors doors, String id, Path directory) throws IOException {
    this.doors = doors;
    this.id = id;
    this.job = doors.get("/v1/jobs/" + id);
    this.files = new RunFiles(directory, id, Instant.now().getEpochSecond());
  }

  String title() {
    return job.path("name").asText();
  }

  String xName() {
    return job.path("curve").path("x").asText();
  }

  String yName() {
    return job.path("curve").path("y").asText();
  }

  LearningCurve.Run curve() {
    return files.curve();
  }

  /**
   * The status that the job ended with.
   *
   * @throws AgentOsException {@code UNAVAILABLE} when no door of the cluster answers any more
   */
  @Override
  public String call() throws IOException {
    try (RunProgress progress = RunProgress.of(id)) {
      while (!ended()) {
        EventStream stream = open();
        try (stream) {
          follow(stream, progress);
        } catch (IOException broken) {
          doors.broken(stream.door());
          progress.say(stream.door() + " is gone, looking for another door");
        }
      }
      progress.say(status
          + (reason.isEmpty() ? "" : ": " + reason)
          + String.format(Locale.ROOT, " (%.1f s)", (System.nanoTime() - begun) / 1e9));
    } finally {
      files.close();
    }
    keepCheckpoint();
    return status;
  }

  private EventStream open() {
    try {
      return doors.stream(
          "GET",
          "/v1/jobs/" + id + "/metrics",
          null,
          Map.of("Last-Event-ID", Long.toString(iteration)));
    } catch (AgentOsException e) {
      if (e.code() != ErrorCode.UNAVAILABLE) {
        throw e;
      }
      throw new AgentOsException(
          e.code(),
          "lost the cluster while job " + id + " was " + (status.isEmpty() ? "" : status + ", ")
              + "at iteration " + iteration
              + ". The job goes on when the cluster does: watch it with agentos run and --id " + id
              + ". What came until now is in " + files.directory() + ". (" + e.getMessage() + ")",
          null,
          e);
    }
  }

  private boolean ended() {
    return status.equals("completed") || status.equals("failed") || status.equals("cancelled");
  }

  private void follow(EventStream stream, RunProgress progress) throws IOException {
    for (EventStream.@Nullable Event event = stream.next(); event != null; event = stream.next()) {
      JsonNode data = JSON.readTree(event.data());
      if (event.name().equals("metrics")) {
        iteration = Long.parseLong(event.id());
        files.add(iteration, data, xName(), yName(), Instant.now().toEpochMilli() / 1000.0);
        progress.at(data.path("progress").asDouble(-1), text(data));
      } else if (event.name().equals("status")) {
        String now = data.path("status").asText();
        String why = data.path("reason").asText();
        if (!now.equals(status) || !why.equals(reason)) {
          status = now;
          reason = why;
          if (!ended()) {
            progress.say(now + (why.isEmpty() ? "" : ": " + why));
          }
        }
      }
    }
  }

  private String text(JsonNode metrics) {
    double x = metrics.path(xName()).asDouble();
    long now = System.nanoTime();
    double fraction = metrics.path("progress").asDouble(-1);
    if (Double.isNaN(firstX)) {
      firstX = x;
      firstFraction = fraction;
      firstNanos = now;
    }
    double seconds = (now - firstNanos) / 1e9;
    double rate = seconds > 0.05 ? (x - firstX) / seconds : 0;
    String left = "";
    if (fraction > firstFraction && fraction < 1 && seconds > 1) {
      long eta = (long) (seconds * (1 - fraction) / (fraction - firstFraction));
      left = ", at most " + StatusCommand.uptime(Duration.ofSeconds(eta).toSeconds()) + " left";
    }
    JsonNode y = metrics.path(yName());
    return "iteration " + iteration
        + String.format(Locale.ROOT, ", %,.0f steps", x)
        + (rate > 0 ? String.format(Locale.ROOT, ", %,.0f/s", rate) : "")
        + (y.isNumber() ? ", " + job.path("curve").path("label").asText() + " " + shown(y) : "")
        + left;
  }

  private static String shown(JsonNode number) {
    double value = number.asDouble();
    return String.format(Locale.ROOT, Math.abs(value) < 10 ? "%.3f" : "%.1f", value);
  }

  private void keepCheckpoint() throws IOException {
    byte[] checkpoint = doors.bytes("/v1/jobs/" + id + "/checkpoint");
    if (checkpoint.length > 0) {
      Files.write(files.directory().resolve("checkpoint"), checkpoint);
    }
  }
}
