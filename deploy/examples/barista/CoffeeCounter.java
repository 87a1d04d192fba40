package examples.barista;

import io.llmagentos.agent.AgentOs;
import io.llmagentos.node.Node;
import io.llmagentos.node.Subsystem;
import io.llmagentos.node.http.ApiError;
import java.util.List;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.AllDirectives;
import org.apache.pekko.http.javadsl.server.PathMatchers;
import org.apache.pekko.http.javadsl.server.Route;

/** A part of the system in a jar of its own: {@code POST /coffee/{order}/{kind}} orders at the agent, each order once. */
public final class CoffeeCounter extends AllDirectives implements Subsystem {
  @Override
  public String name() {
    return "coffee";
  }

  @Override
  public List<String> requires() {
    return List.of("agent");
  }

  @Override
  public List<Route> routes(Node node) {
    AgentOs.Dialogue counter = AgentOs.on(node)
        .session("barista", node.config().getString("llmagentos.coffee.customer"), "counter");
    return List.of(path(
        PathMatchers.segment("coffee").slash(PathMatchers.segment()).slash(PathMatchers.segment()),
        (order, kind) -> post(() -> completeWithFuture(counter
            .say(order, "make a " + kind)
            .thenApply(turn -> HttpResponse.create().withEntity(turn.answer()))
            .exceptionally(ApiError::response)))));
  }
}
