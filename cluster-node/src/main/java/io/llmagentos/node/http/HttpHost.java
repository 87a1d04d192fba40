package io.llmagentos.node.http;

import io.llmagentos.node.Node;
import io.llmagentos.node.cluster.DeadProcessWatch;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.micrometer.core.instrument.Timer;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.ServerBinding;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.server.AllDirectives;
import org.apache.pekko.http.javadsl.server.AuthorizationFailedRejection;
import org.apache.pekko.http.javadsl.server.ExceptionHandler;
import org.apache.pekko.http.javadsl.server.MalformedRequestContentRejection;
import org.apache.pekko.http.javadsl.server.MethodRejection;
import org.apache.pekko.http.javadsl.server.Rejection;
import org.apache.pekko.http.javadsl.server.RejectionHandler;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.http.scaladsl.model.EntityStreamSizeException;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.javadsl.Flow;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** Opens the door for clients and the private management port, and puts limits, errors and traces around every route. */
public final class HttpHost extends AllDirectives {
  private static final Set<String> LOCAL_NAMES = Set.of("localhost", "127.0.0.1", "[::1]", "::1");

  private final Node node;
  private final HttpSettings settings;

  private HttpHost(Node node, HttpSettings settings) {
    this.node = node;
    this.settings = settings;
  }

  /** Bind both ports, or fail with {@code PORT_IN_USE}. They unbind first when the node shuts down. */
  public static void open(
      Node node,
      HttpSettings settings,
      ActorRef<DeadProcessWatch.Command> watch,
      List<Route> contributed) {
    HttpHost host = new HttpHost(node, settings);
    List<Route> routes = new ArrayList<>(contributed);
    routes.add(new ClusterRoutes(node).route());
    host.bind(
        settings.host(), settings.port(), "llmagentos.http.port", host.guarded(host.anyOf(routes)));
    host.bind(
        settings.managementHost(),
        settings.managementPort(),
        "llmagentos.http.management-port",
        host.sealed(new ManagementRoutes(node, watch).route()));
  }

  private Route anyOf(List<Route> routes) {
    return concat(routes.getFirst(), routes.subList(1, routes.size()).toArray(Route[]::new));
  }

  private void bind(String address, int port, String key, Route route) {
    try {
      ServerBinding binding = Http.get(node.system())
          .newServerAt(address, port)
          .bindFlow(knowingItsConnection(route))
          .toCompletableFuture()
          .join();
      // A little longer than turns may take: what is given up then still wants its answer.
      binding.addToCoordinatedShutdown(
          node.settings().drainTimeout().plusSeconds(1), node.system().classicSystem());
    } catch (CompletionException e) {
      throw new AgentOsException(
          ErrorCode.PORT_IN_USE,
          "port " + port + " on " + address + " cannot be bound: " + e.getCause()
              + "; choose another by " + key,
          key,
          e);
    }
  }

  /** Each connection materialises its own flow, and with it its {@link Connection}. */
  private Flow<HttpRequest, HttpResponse, ?> knowingItsConnection(Route route) {
    return Flow.of(HttpRequest.class)
        .<Connection, HttpRequest>statefulMap(
            Connection::new,
            (connection, request) -> Pair.create(connection, connection.brings(request)),
            connection -> {
              connection.bringsNoMore();
              return Optional.empty();
            })
        .via(route.flow(node.system()));
  }

  /** A page in the user's browser must not reach the door under a foreign name (DNS rebinding) or from a foreign origin. */
  private Route guarded(Route inner) {
    return sealed(extractRequest(request -> {
      String host = hostName(request.getHeader("host").map(HttpHeader::value).orElse(""));
      if (settings.apiKeys().isEmpty()
          && !LOCAL_NAMES.contains(host)
          && !host.equals(settings.host())
          && !settings.allowedHosts().contains(host)) {
        return complete(ApiError.response(
            ErrorCode.FORBIDDEN,
            "host '" + host
                + "' is not one of this door's names; add it to llmagentos.http.allowed-hosts",
            "host"));
      }
      String origin = request.getHeader("origin").map(HttpHeader::value).orElse("");
      if (!origin.isEmpty() && !settings.allowedOrigins().contains(origin) && !isOwn(origin)) {
        return complete(ApiError.response(
            ErrorCode.FORBIDDEN,
            "origin '" + origin
                + "' may not call this door; add it to llmagentos.http.allowed-origins",
            "origin"));
      }
      return inner;
    }));
  }

  private boolean isOwn(String origin) {
    try {
      URI uri = URI.create(origin);
      return uri.getHost() != null
          && LOCAL_NAMES.contains(uri.getHost())
          && uri.getPort() == settings.port();
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static String hostName(String header) {
    int colon = header.lastIndexOf(':');
    return colon > header.lastIndexOf(']') ? header.substring(0, colon) : header;
  }

  /** Every request ends in one reply: typed errors, a trace id, a timer. */
  private Route sealed(Route inner) {
    Route handled = handleExceptions(
        ExceptionHandler.newBuilder()
            .matchAny(failure -> complete(ApiError.response(failure)))
            .build(),
        () -> handleRejections(rejections(), () -> inner));
    return extractRequest(request -> {
      long started = System.nanoTime();
      String trace = Api.trace(request);
      return withRequestTimeoutResponse(
          late -> ApiError.response(
              ErrorCode.DEADLINE_EXCEEDED,
              "no answer within " + settings.requestTimeout()
                  + " (llmagentos.http.request-timeout)",
              null),
          () ->
              mapResponse(response -> observed(request, response, started, trace), () -> handled));
    });
  }

  private HttpResponse observed(
      HttpRequest request, HttpResponse response, long started, String trace) {
    Duration took = Duration.ofNanos(System.nanoTime() - started);
    Timer.builder("http.server.requests")
        .tag("method", request.method().name())
        .tag("status", Integer.toString(response.status().intValue()))
        .register(node.metrics())
        .record(took.toNanos(), TimeUnit.NANOSECONDS);
    MDC.put("trace", trace);
    LoggerFactory.getLogger(HttpHost.class)
        .debug(
            "{} {} -> {}",
            request.method().name(),
            request.getUri().path(),
            response.status().intValue());
    MDC.remove("trace");
    return response.getHeader("x-request-id").isPresent()
        ? response
        : response.addHeader(RawHeader.create("x-request-id", trace));
  }

  private RejectionHandler rejections() {
    return RejectionHandler.newBuilder()
        .handleNotFound(extractUnmatchedPath(path -> extractUri(uri -> complete(
            ApiError.response(ErrorCode.NOT_FOUND, "there is nothing at " + uri.path(), null)))))
        .handleAll(
            MethodRejection.class,
            methods -> complete(ApiError.response(
                ErrorCode.METHOD_NOT_ALLOWED,
                "this path takes "
                    + methods.stream().map(m -> m.supported().name()).toList(),
                null)))
        .handleAll(
            AuthorizationFailedRejection.class,
            all -> complete(ApiError.response(ErrorCode.FORBIDDEN, "not allowed", null)))
        .handle(
            MalformedRequestContentRejection.class,
            body -> complete(
                body.getCause() instanceof EntityStreamSizeException
                    ? ApiError.response(body.getCause())
                    : ApiError.response(
                        ErrorCode.INVALID_REQUEST,
                        "the request body could not be read: " + body.message(),
                        null)))
        .handleAll(
            Rejection.class,
            all -> complete(ApiError.response(
                ErrorCode.INVALID_REQUEST,
                "the request was not understood: " + all.getFirst(),
                null)))
        .build();
  }
}
