package io.llmagentos.agent.tool.http;

import com.typesafe.config.Config;
import io.llmagentos.agent.tool.SourceSettings;
import io.llmagentos.node.settings.Settings;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * How a source of tools is reached over HTTP. See {@code reference.conf}.
 *
 * @param headers of every call, for example credentials
 * @param timeout of a call
 * @param maxConcurrent calls of one tool that may run at once
 */
public record HttpAccess(
    Map<String, String> headers,
    Duration timeout,
    int maxConcurrent,
    int maxResponseBytes,
    Duration connectTimeout) {
  private static final int SMALLEST_RESPONSE = 1024;
  private static final int MOST_CONCURRENT = 1_000_000;

  public HttpAccess {
    headers = Map.copyOf(headers);
  }

  /** @param path of the entry, for errors */
  public static HttpAccess create(Config entry, String path) {
    HttpAccess access = new HttpAccess(
        SourceSettings.texts(entry, "headers"),
        entry.getDuration("timeout"),
        entry.getInt("max-concurrent"),
        Math.toIntExact(entry.getBytes("max-response")),
        entry.getDuration("connect-timeout"));
    Settings.requireAtLeast(path + ".timeout", access.timeout, Duration.ofMillis(1));
    Settings.requireAtLeast(path + ".connect-timeout", access.connectTimeout, Duration.ofMillis(1));
    Settings.requireBetween(path + ".max-concurrent", access.maxConcurrent, 1, MOST_CONCURRENT);
    Settings.requireBetween(
        path + ".max-response", access.maxResponseBytes, SMALLEST_RESPONSE, Integer.MAX_VALUE);
    return access;
  }

  /** One that goes where it is sent and nowhere else. */
  public HttpClient client() {
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .followRedirects(HttpClient.Redirect.NEVER)
        .connectTimeout(connectTimeout)
        .build();
  }

  /**
   * Send a request and read the whole response. Blocks.
   *
   * @param limit until the response's last byte, which {@link HttpRequest#timeout} does not wait for
   * @throws IOException also when the response has more bytes than are taken
   */
  public static HttpResponse<byte[]> send(
      HttpClient http, HttpRequest request, int mostBytes, Duration limit)
      throws IOException, InterruptedException {
    CompletableFuture<HttpResponse<byte[]>> response = http.sendAsync(
        request,
        HttpResponse.BodyHandlers.limiting(HttpResponse.BodyHandlers.ofByteArray(), mostBytes));
    try {
      return response.get(limit.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw new HttpTimeoutException("the response had no end within " + limit.toMillis() + " ms");
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException cause ? cause : new IOException(e.getCause());
    } finally {
      response.cancel(true);
    }
  }
}
