package io.llmagentos.agent.tool.mcp;

import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import reactor.core.publisher.Mono;

/**
 * What a server says unasked, kept from the library, which acts on (or logs) each word of it: that the tools have changed is remembered, other notifications are
 * dropped, and of one that says too much nothing is heard any more.
 */
final class QuietTransport implements McpClientTransport {
  /** Unasked, between two looks at the connection. */
  static final int MOST_UNASKED = 10_000;

  private final McpClientTransport transport;
  private final Runnable onNews;
  private final AtomicInteger unasked = new AtomicInteger();
  private final AtomicBoolean toolsChanged = new AtomicBoolean();

  /** @param onNews called when there is something to look at; must not block */
  QuietTransport(McpClientTransport transport, Runnable onNews) {
    this.transport = transport;
    this.onNews = onNews;
  }

  /** Whether the server has said too much since the last look. */
  boolean isFlooded() {
    return unasked.get() > MOST_UNASKED;
  }

  void look() {
    unasked.set(0);
  }

  /** Whether the tools have changed since this was asked before. */
  boolean takeToolsChanged() {
    return toolsChanged.getAndSet(false);
  }

  private boolean isForTheLibrary(McpSchema.JSONRPCMessage message) {
    if (message instanceof McpSchema.JSONRPCResponse) {
      return true;
    }
    int count = unasked.incrementAndGet();
    if (count > MOST_UNASKED) {
      if (count == MOST_UNASKED + 1) {
        onNews.run();
      }
      return false;
    }
    if (message instanceof McpSchema.JSONRPCNotification notification) {
      if (notification.method().equals(McpSchema.METHOD_NOTIFICATION_TOOLS_LIST_CHANGED)
          && !toolsChanged.getAndSet(true)) {
        onNews.run();
      }
      return false;
    }
    return true;
  }

  @Override
  public Mono<Void> connect(
      Function<Mono<McpSchema.JSONRPCMessage>, Mono<McpSchema.JSONRPCMessage>> handler) {
    return transport.connect(message -> handler.apply(message.filter(this::isForTheLibrary)));
  }

  @Override
  public void setExceptionHandler(Consumer<Throwable> handler) {
    transport.setExceptionHandler(handler);
  }

  @Override
  public Mono<Void> closeGracefully() {
    return transport.closeGracefully();
  }

  @Override
  public void close() {
    transport.close();
  }

  @Override
  public Mono<Void> sendMessage(McpSchema.JSONRPCMessage message) {
    return transport.sendMessage(message);
  }

  @Override
  public <T> T unmarshalFrom(Object data, TypeRef<T> type) {
    return transport.unmarshalFrom(data, type);
  }

  @Override
  public List<String> protocolVersions() {
    return transport.protocolVersions();
  }
}
