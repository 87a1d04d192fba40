package io.llmagentos.node.http;

import org.apache.pekko.http.javadsl.model.AttributeKey;
import org.apache.pekko.http.javadsl.model.HttpProtocols;
import org.apache.pekko.http.javadsl.model.HttpRequest;

/**
 * The connection that a request came by. Thread-safe; to be polled, so that a long-lived connection collects no listeners. A client that announced
 * to close its sending side after the request is not taken for gone when it does.
 */
public final class Connection {
  private static final AttributeKey<Connection> KEY =
      AttributeKey.create("llmagentos-connection", Connection.class);

  private boolean closeAnnounced;
  private volatile boolean closed;

  Connection() {}

  /** The one of a request that came through a door. */
  public static Connection of(HttpRequest request) {
    return request.getAttribute(KEY).orElseGet(Connection::new);
  }

  HttpRequest brings(HttpRequest request) {
    closeAnnounced = request.protocol().equals(HttpProtocols.HTTP_1_0)
        || request
            .getHeader("connection")
            .filter(header -> header.value().equalsIgnoreCase("close"))
            .isPresent();
    return request.addAttribute(KEY, this);
  }

  void bringsNoMore() {
    closed = !closeAnnounced;
  }

  /** Whether nobody is left to hear the answer. */
  public boolean isClosed() {
    return closed;
  }
}
