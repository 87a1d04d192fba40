package io.llmagentos.node.http;

import org.apache.pekko.http.javadsl.model.AttributeKey;
import org.apache.pekko.http.javadsl.model.HttpRequest;

/** The connection that a request came by. Thread-safe; to be polled, so that a long-lived connection collects no listeners. */
public final class Connection {
  static final AttributeKey<Connection> KEY =
      AttributeKey.create("llmagentos-connection", Connection.class);

  private volatile boolean closed;

  Connection() {}

  /** The one of a request that came through a door. */
  public static Connection of(HttpRequest request) {
    return request.getAttribute(KEY).orElseGet(Connection::new);
  }

  void close() {
    closed = true;
  }

  /** Whether nobody is left to hear the answer. */
  public boolean isClosed() {
    return closed;
  }
}
