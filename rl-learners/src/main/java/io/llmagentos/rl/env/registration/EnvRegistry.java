package io.llmagentos.rl.env.registration;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.settings.Settings;
import io.llmagentos.rl.env.ArrayEnv;
import io.llmagentos.rl.env.AutoresetMode;
import io.llmagentos.rl.env.Env;
import io.llmagentos.rl.env.EnvFault;
import io.llmagentos.rl.env.VectorEnv;
import io.llmagentos.rl.env.wrapper.OrderEnforcing;
import io.llmagentos.rl.env.wrapper.PassiveEnvChecker;
import io.llmagentos.rl.env.wrapper.TimeLimit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The environments that there are, by versioned id. What it makes checks its actions, observations and rewards ({@link PassiveEnvChecker}), cuts at its
 * time limit ({@link TimeLimit}) and insists on resets ({@link OrderEnforcing}). Immutable, hence thread-safe.
 */
public final class EnvRegistry {
  private final TreeMap<String, EnvSpec> specs = new TreeMap<>();

  public EnvRegistry(Iterable<EnvSpec> environments) {
    for (EnvSpec spec : environments) {
      if (specs.putIfAbsent(spec.id(), spec) != null) {
        throw new AgentOsException(
            ErrorCode.CONFLICT, "two environments have the id '" + spec.id() + "'");
      }
    }
  }

  /** The environments of every {@link EnvProvider} on the class path. */
  public static EnvRegistry load() {
    List<EnvSpec> specs = new ArrayList<>();
    for (EnvProvider provider : ServiceLoader.load(EnvProvider.class)) {
      specs.addAll(provider.environments());
    }
    return new EnvRegistry(specs);
  }

  public Set<String> ids() {
    return Set.copyOf(specs.keySet());
  }

  public EnvSpec spec(String id) {
    EnvSpec spec = specs.get(id);
    if (spec == null) {
      throw unknown(id);
    }
    return spec;
  }

  public Env<?, ?> make(String id) {
    return make(id, Map.of());
  }

  /** @param kwargs the environment's options, and {@code max_episode_steps} for another time limit */
  public Env<?, ?> make(String id, Map<String, ?> kwargs) {
    return make(id, 1, kwargs).getFirst();
  }

  private List<Env<?, ?>> make(String id, int environments, Map<String, ?> kwargs) {
    EnvSpec spec = spec(id);
    Kwargs options = options(spec, kwargs);
    int maxEpisodeSteps = maxEpisodeSteps(spec, options);
    List<? extends Env<?, ?>> envs;
    try {
      envs = spec.factory().make(options, environments);
    } catch (RuntimeException e) {
      throw EnvFault.threw(id, "making it", e);
    }
    try {
      options.refuseUnread();
    } catch (AgentOsException e) {
      envs.forEach(Env::close);
      throw e;
    }
    List<Env<?, ?>> wrapped = new ArrayList<>();
    for (Env<?, ?> env : envs) {
      wrapped.add(wrap(spec, env, maxEpisodeSteps));
    }
    return wrapped;
  }

  /**
   * Checks the options of an environment without starting it.
   *
   * @return an environment that says its spaces, which the caller closes; empty where they are known only once it runs
   * @throws AgentOsException {@code INVALID_REQUEST} for an option that it does not have or a value that it does not allow
   */
  public Optional<Env<?, ?>> preview(String id, Map<String, ?> kwargs) {
    EnvSpec spec = spec(id);
    Kwargs options = options(spec, kwargs);
    maxEpisodeSteps(spec, options);
    Optional<Env<?, ?>> env;
    try {
      env = spec.factory().preview(options);
    } catch (RuntimeException e) {
      if (e instanceof AgentOsException typed && typed.code() == ErrorCode.INVALID_REQUEST) {
        throw typed;
      }
      return Optional.empty(); // it may do better where it runs, and says there what it lacks
    }
    try {
      options.refuseUnread();
    } catch (AgentOsException e) {
      env.ifPresent(Env::close);
      throw e;
    }
    return env;
  }

  private static Kwargs options(EnvSpec spec, Map<String, ?> kwargs) {
    Map<String, Object> all = new HashMap<>(spec.kwargs());
    all.putAll(kwargs);
    return new Kwargs(spec.id(), all);
  }

  /** 0: no limit. */
  private static int maxEpisodeSteps(EnvSpec spec, Kwargs options) {
    int steps = options.integer("max_episode_steps", spec.maxEpisodeSteps().orElse(0));
    if (options.has("max_episode_steps") && steps < 1) {
      throw options.invalid("max_episode_steps", steps, "at least 1");
    }
    return steps;
  }

  /** N environments that step together; the sub-environments are made alike. */
  public VectorEnv makeVec(String id, int environments, AutoresetMode mode, Map<String, ?> kwargs) {
    if (environments < 1) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          id + ": " + environments + " environments, must be at least 1",
          "num_envs");
    }
    return new VectorEnv(make(id, environments, kwargs), mode);
  }

  private static <O, A> Env<O, A> wrap(EnvSpec spec, Env<O, A> env, int maxEpisodeSteps) {
    ArrayEnv<O, A> checked =
        new PassiveEnvChecker<>(ArrayEnv.of(spec.id(), env), spec.id(), spec.looseBounds());
    return new OrderEnforcing<>(
        maxEpisodeSteps > 0 ? new TimeLimit<>(checked, maxEpisodeSteps) : checked, spec.id());
  }

  private AgentOsException unknown(String id) {
    String name = EnvSpec.nameOf(id);
    List<String> versions = specs.values().stream()
        .filter(spec -> spec.name().equals(name))
        .map(EnvSpec::id)
        .toList();
    String hint;
    if (!versions.isEmpty()) {
      hint = "; there is " + versions.stream().collect(Collectors.joining(", "));
    } else if (specs.isEmpty()) {
      hint = "; there is none";
    } else {
      hint = "; did you mean '" + Settings.nearest(id, specs.keySet()).orElseThrow() + "'?";
    }
    return new AgentOsException(
        ErrorCode.ENVIRONMENT_NOT_FOUND, "unknown environment '" + id + "'" + hint, "env");
  }
}
