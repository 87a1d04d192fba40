package io.llmagentos.node.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.placement.Group;
import io.llmagentos.node.placement.MemberCommand;
import io.llmagentos.node.placement.MemberFactory;
import io.llmagentos.node.placement.MemberId;
import io.llmagentos.node.settings.Settings;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiFunction;
import org.apache.pekko.actor.typed.Behavior;
import org.jspecify.annotations.Nullable;

/** The kinds of job on the class path, and how their members are made. Filled while the node starts, then only read. */
public final class JobKinds {
  static final String DRIVER = "driver";

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Map<String, JobKind> kinds = new TreeMap<>();

  /** What members are started with; JSON on its way. */
  record Payload(JobKey key, JobSpec spec, @Nullable Checkpoint checkpoint) {}

  JobKinds() {}

  /** Add a kind; for {@code Subsystem.start}. */
  public void add(JobKind kind) {
    JobKind before = kinds.putIfAbsent(kind.name(), kind);
    if (before != null) {
      throw new IllegalArgumentException("two kinds of job are named " + kind.name() + ": "
          + before.getClass() + " and " + kind.getClass());
    }
  }

  /** @throws AgentOsException {@code INVALID_REQUEST} for a kind that nobody brings, with the nearest one */
  public JobKind require(String name) {
    JobKind kind = kinds.get(name);
    if (kind == null) {
      String nearest = Settings.nearest(name, kinds.keySet())
          .map(known -> "; did you mean " + known + "?")
          .orElse("");
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          "type '" + name + "' is not a kind of job, known are " + new TreeSet<>(kinds.keySet())
              + nearest,
          "type");
    }
    return kind;
  }

  /** What can be known of a job before it runs. May block. */
  void check(JobSpec spec) {
    plan(spec);
    require(spec.kind()).check(spec.tree());
  }

  List<Group> plan(JobSpec spec) {
    List<Group> groups = require(spec.kind()).plan(spec.tree());
    if (!groups.getFirst().name().equals(DRIVER)) {
      throw new IllegalStateException(
          "the first group of " + spec.kind() + " must be named " + DRIVER);
    }
    return groups;
  }

  String payload(Payload payload) {
    try {
      return JSON.writeValueAsString(payload);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** @param contexts makes a driver's context of its member id and payload */
  Map<String, MemberFactory> factories(BiFunction<MemberId, Payload, DriverContext> contexts) {
    Map<String, MemberFactory> factories = new HashMap<>();
    kinds.forEach((name, kind) ->
        factories.put(name, (id, payload) -> member(kind, id, read(payload), contexts)));
    return factories;
  }

  private static Behavior<MemberCommand> member(
      JobKind kind,
      MemberId id,
      Payload payload,
      BiFunction<MemberId, Payload, DriverContext> contexts) {
    return id.group().equals(DRIVER)
        ? kind.driver(contexts.apply(id, payload))
        : kind.worker(id, payload.spec().tree());
  }

  private static Payload read(String payload) {
    try {
      return JSON.readValue(payload, Payload.class);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
