package io.llmagentos.node.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.node.Node;
import io.llmagentos.node.cluster.DeadProcessWatch;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.AddressFromURIString;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.Route;

/** Liveness, readiness, metrics, and the launcher's word that a process is gone. Only on the private port. */
final class ManagementRoutes extends Api {
  private final Node node;
  private final ActorRef<DeadProcessWatch.Command> watch;

  ManagementRoutes(Node node, ActorRef<DeadProcessWatch.Command> watch) {
    super(node);
    this.node = node;
    this.watch = watch;
  }

  Route route() {
    return concat(
        pathPrefix(
            "health",
            () -> concat(
                path("live", () -> get(() -> complete(json(200, Map.of("status", "live"))))),
                path(
                    "ready",
                    () -> get(() -> completeLater(
                        CompletableFuture.supplyAsync(this::ready, node.blockingExecutor())))))),
        path(
            "metrics",
            () -> get(() -> complete(HttpResponse.create()
                .withEntity(
                    ContentTypes.parse("text/plain; version=0.0.4; charset=utf-8"),
                    node.metrics().scrape().getBytes(java.nio.charset.StandardCharsets.UTF_8))))),
        pathPrefix("cluster", () -> path("exited", () -> post(() -> withJson(this::exited)))));
  }

  private HttpResponse ready() {
    MemberStatus status = Cluster.get(node.system()).selfMember().status();
    String journal = "up";
    try (Connection connection = node.database().dataSource().getConnection()) {
      if (!connection.isValid(2)) {
        journal = "not valid";
      }
    } catch (SQLException e) {
      journal = "down: " + e.getMessage();
    }
    boolean ready = status.equals(MemberStatus.up()) && journal.equals("up");
    return json(
        ready ? 200 : 503,
        Map.of(
            "status",
            ready ? "ready" : "not ready",
            "member",
            status.toString(),
            "journal",
            journal));
  }

  private Route exited(JsonNode body) {
    Address address;
    try {
      address = AddressFromURIString.parse(body.path("address").asText());
    } catch (RuntimeException e) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          "address must look like pekko://agentos@host:port, is " + body.path("address"),
          "address",
          e);
    }
    watch.tell(new DeadProcessWatch.Exited(address));
    return complete(json(202, Map.of("address", address.toString())));
  }
}
