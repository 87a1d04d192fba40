package io.llmagentos.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** What the supervisor asks of nodes: whether one is a member yet, and to take note that another has exited. */
final class MembershipClient {
  private static final Duration TELL_LIMIT = Duration.ofSeconds(5);
  private static final Duration REQUEST_LIMIT = Duration.ofSeconds(2);

  private final ObjectMapper json = new ObjectMapper();
  private final HttpClient http = HttpClient.newBuilder()
      .version(HttpClient.Version.HTTP_1_1)
      .connectTimeout(Duration.ofSeconds(1))
      .build();

  /** Whether the node's own door answers and counts the node among the members that are up. */
  boolean isUp(PortPlan ports, int node) {
    try {
      var answer = http.send(
          request(ports.door(node), "/v1/cluster").GET().build(), BodyHandlers.ofString());
      return answer.statusCode() == 200
          && listsAsUp(json.readTree(answer.body()), ports.artery(node));
    } catch (IOException notYet) {
      return false;
    } catch (InterruptedException ended) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  static boolean listsAsUp(JsonNode cluster, int arteryPort) {
    for (var member : cluster.path("members")) {
      if (member.path("address").asText().endsWith(":" + arteryPort)
          && member.path("status").asText().equalsIgnoreCase("up")) {
        return true;
      }
    }
    return false;
  }

  /**
   * Tell the survivors, in turn and repeatedly for up to five seconds, that the process behind an address has ended.
   *
   * @param managementPorts of the survivors
   * @return completed with whether one of them accepted
   */
  CompletableFuture<Boolean> exited(String address, List<Integer> managementPorts) {
    if (managementPorts.isEmpty()) {
      return CompletableFuture.completedFuture(false);
    }
    var result = new CompletableFuture<Boolean>();
    Thread.ofVirtual()
        .name("tell-exited")
        .start(() -> result.complete(tell(address, managementPorts)));
    return result;
  }

  private boolean tell(String address, List<Integer> managementPorts) {
    long deadline = System.nanoTime() + TELL_LIMIT.toNanos();
    try {
      String body = json.writeValueAsString(Map.of("address", address));
      while (System.nanoTime() < deadline) {
        for (int port : managementPorts) {
          if (accepts(port, body)) {
            return true;
          }
        }
        Thread.sleep(100);
      }
    } catch (IOException | InterruptedException ended) {
      return false;
    }
    return false;
  }

  private boolean accepts(int port, String body) throws InterruptedException {
    try {
      var request = request(port, "/cluster/exited")
          .header("Content-Type", "application/json")
          .POST(HttpRequest.BodyPublishers.ofString(body))
          .build();
      return http.send(request, BodyHandlers.discarding()).statusCode() / 100 == 2;
    } catch (IOException refused) {
      return false;
    }
  }

  private static HttpRequest.Builder request(int port, String path) {
    return HttpRequest.newBuilder(URI.create("http://" + PortPlan.HOST + ":" + port + path))
        .timeout(REQUEST_LIMIT);
  }
}
