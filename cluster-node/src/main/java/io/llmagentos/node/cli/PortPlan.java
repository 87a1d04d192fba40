package io.llmagentos.node.cli;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * The ports of a cluster on one machine, all derived from the base port P: node i has its HTTP door at P+i, its management
 * at P+100+i and its Artery port at P+200+i; the database has P+300.
 */
record PortPlan(int base, int nodes) {
  static final int MAX_NODES = 10;
  static final String HOST = "127.0.0.1";

  PortPlan {
    if (nodes < 1 || nodes > MAX_NODES) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          "--nodes is " + nodes + ", but one machine runs 1 to " + MAX_NODES + " nodes",
          "--nodes");
    }
    if (base < 1 || base + 300 > 65_535) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          "--port is " + base + ", but the plan needs " + base + " to " + (base + 300)
              + " within 1 to 65535",
          "--port");
    }
  }

  int door(int node) {
    return base + node;
  }

  int management(int node) {
    return base + 100 + node;
  }

  int artery(int node) {
    return base + 200 + node;
  }

  int database() {
    return base + 300;
  }

  String address(int node) {
    return "pekko://agentos@" + HOST + ":" + artery(node);
  }

  /**
   * The seed nodes in the order in which a node must ask them. Pekko lets only the first of a list form a new cluster on its
   * own: so a node that comes back while others are up asks those first and stands last itself. With nobody up, every node
   * agrees on the lowest index as the first.
   *
   * @param up the nodes that are members now
   */
  List<String> seeds(int node, Set<Integer> up) {
    var order = new LinkedHashSet<Integer>();
    up.stream().sorted().filter(other -> other != node).forEach(order::add);
    boolean othersUp = !order.isEmpty();
    IntStream.range(0, nodes).filter(other -> !othersUp || other != node).forEach(order::add);
    order.add(node);
    return order.stream().map(each -> HOST + ":" + artery(each)).toList();
  }

  List<Integer> all(boolean withDatabase) {
    var ports = new ArrayList<Integer>();
    for (int node = 0; node < nodes; node++) {
      ports.addAll(List.of(door(node), management(node), artery(node)));
    }
    if (withDatabase) {
      ports.add(database());
    }
    return ports;
  }

  /** Refuse with {@code PORT_IN_USE} where another process listens on a port of the plan. */
  void requireFree(boolean withDatabase) {
    for (int port : all(withDatabase)) {
      try (var probe = new ServerSocket()) {
        probe.setReuseAddress(true);
        probe.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      } catch (IOException inUse) {
        throw new AgentOsException(
            ErrorCode.PORT_IN_USE,
            "port " + port
                + " is taken by another process; is a cluster up already (agentos status --port "
                + base + ")? Otherwise choose other ports with --port (now " + base + ")",
            "--port",
            inUse);
      }
    }
  }
}
