package io.llmagentos.node.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.node.Node;
import io.llmagentos.node.placement.NodeHost;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.StreamSupport;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.cluster.ClusterEvent;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.http.javadsl.server.Route;

/** {@code GET /v1/cluster}: who is in the cluster and what lives where. */
final class ClusterRoutes extends Api {
  private static final Duration ASK = Duration.ofSeconds(1);

  private final Node node;

  ClusterRoutes(Node node) {
    super(node);
    this.node = node;
  }

  Route route() {
    return pathPrefix(
        "v1",
        () -> path(
            "cluster",
            () -> get(() -> withContext(
                context -> completeLater(describe().thenApply(body -> json(200, body)))))));
  }

  private CompletionStage<ObjectNode> describe() {
    return AskPattern.<Receptionist.Command, Receptionist.Listing>ask(
            node.system().receptionist(),
            replyTo -> Receptionist.find(NodeHost.KEY, replyTo),
            ASK,
            node.system().scheduler())
        .thenCompose(listing -> descriptions(listing.getServiceInstances(NodeHost.KEY)))
        .thenApply(this::body);
  }

  /** The descriptions that arrive in time; a node that does not answer is listed without. */
  private CompletionStage<Map<String, NodeHost.Description>> descriptions(
      Iterable<ActorRef<NodeHost.Command>> hosts) {
    Map<String, NodeHost.Description> found = new ConcurrentHashMap<>();
    List<CompletableFuture<?>> asked = new ArrayList<>();
    for (ActorRef<NodeHost.Command> host : hosts) {
      asked.add(AskPattern.<NodeHost.Command, NodeHost.Description>ask(
              host, NodeHost.Describe::new, ASK, node.system().scheduler())
          .thenAccept(description -> found.put(description.address(), description))
          .exceptionally(timeout -> null)
          .toCompletableFuture());
    }
    return CompletableFuture.allOf(asked.toArray(CompletableFuture<?>[]::new))
        .thenApply(done -> found);
  }

  private ObjectNode body(Map<String, NodeHost.Description> descriptions) {
    ClusterEvent.CurrentClusterState state = Cluster.get(node.system()).state();
    ObjectNode body = JSON.createObjectNode();
    body.put(
        "journal",
        node.config()
            .getString("pekko-persistence-jdbc.shared-databases.slick.db.url")
            .replaceAll("[;?].*", ""));
    ArrayNode members = body.putArray("members");
    Member oldest = StreamSupport.stream(state.getMembers().spliterator(), false)
        .filter(member -> member.hasRole("core"))
        .reduce((a, b) -> a.isOlderThan(b) ? a : b)
        .orElse(null);
    for (Member member : state.getMembers()) {
      String address = member.address().toString();
      ObjectNode json = members.addObject();
      json.put("address", address);
      json.put(
          "status",
          state.getUnreachable().contains(member)
              ? "Unreachable"
              : member.status().toString());
      ArrayNode roles = json.putArray("roles");
      member.getRoles().stream()
          .filter(role -> !role.startsWith("dc-"))
          .sorted()
          .forEach(roles::add);
      json.put("oldest", member.equals(oldest));
      json.put("self", member.equals(Cluster.get(node.system()).selfMember()));
      NodeHost.Description description = descriptions.get(address);
      if (description != null) {
        json.put("door", description.door());
        json.put("management", description.management());
        json.put("pid", description.pid());
        json.put("cores", description.cores());
        json.put("heap_mb", description.heapMegabytes());
        json.put("uptime_s", description.uptimeSeconds());
        json.set("entities", JSON.valueToTree(description.entities()));
        json.set("members", JSON.valueToTree(description.members()));
      }
    }
    return body;
  }
}
