package io.llmagentos.node.settings;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.File;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.apache.commons.text.similarity.LevenshteinDistance;

/**
 * Where settings come from and how they are checked. Later wins: every module's {@code reference.conf}, the user's file, {@code -Dllmagentos...}
 * system properties, the command line. A key under {@code llmagentos} that no {@code reference.conf} names is refused with the nearest known one;
 * an object that is empty in {@code reference.conf} is an open map, whose entries its owner checks.
 */
public final class Settings {
  private static final String ROOT = "llmagentos";

  private Settings() {}

  /** Throws {@code SETTINGS_UNKNOWN_KEY} or {@code SETTINGS_INVALID}. */
  public static Config load(Config commandLine, Optional<File> file) {
    try {
      // Not defaultReference(), in which every system property counts as known.
      Config reference = ConfigFactory.defaultReferenceUnresolved().resolve();
      Config user = commandLine
          .withFallback(ConfigFactory.systemProperties())
          .withFallback(file.map(Settings::parse).orElseGet(ConfigFactory::defaultApplication));
      if (user.hasPath(ROOT)) {
        requireKnown(user.getConfig(ROOT).root(), reference.getConfig(ROOT).root(), List.of(ROOT));
      }
      return user.withFallback(ConfigFactory.parseResourcesAnySyntax("llmagentos-pekko.conf"))
          .withFallback(ConfigFactory.defaultReferenceUnresolved())
          .resolve();
    } catch (ConfigException e) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID, String.valueOf(e.getMessage()), null, e);
    }
  }

  private static Config parse(File file) {
    if (!file.isFile()) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID, "configuration file " + file + " does not exist", "--config");
    }
    return ConfigFactory.parseFile(file);
  }

  /** Read typed settings; a value of a wrong type or out of range becomes {@code SETTINGS_INVALID} with its key. */
  public static <T> T read(Config config, String section, Function<Config, T> create) {
    try {
      return create.apply(config.getConfig(section));
    } catch (ConfigException | IllegalArgumentException e) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID, section + ": " + e.getMessage(), section, e);
    }
  }

  /** Refuse a number outside its range with {@code SETTINGS_INVALID}. */
  public static void requireBetween(String key, long value, long least, long most) {
    if (value < least || value > most) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID,
          key + " is " + value + ", must be " + least + " to " + most,
          key);
    }
  }

  /** Refuse a duration below its least with {@code SETTINGS_INVALID}. */
  public static void requireAtLeast(String key, Duration value, Duration least) {
    if (value.compareTo(least) < 0) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID,
          key + " is " + value.toMillis() + " ms, must be at least " + least.toMillis() + " ms",
          key);
    }
  }

  static void requireKnown(ConfigObject user, ConfigObject reference, List<String> path) {
    user.forEach((key, value) -> {
      List<String> here = new ArrayList<>(path);
      here.add(key);
      ConfigValue known = reference.get(key);
      if (known == null) {
        throw unknown(here, reference, path);
      }
      if (value instanceof ConfigObject inner && known instanceof ConfigObject knownInner) {
        if (!knownInner.isEmpty()) {
          requireKnown(inner, knownInner, here);
        }
      } else if (value.valueType() == ConfigValueType.OBJECT
          || (known instanceof ConfigObject && value.valueType() != ConfigValueType.NULL)) {
        throw new AgentOsException(
            ErrorCode.SETTINGS_INVALID,
            ConfigUtil.joinPath(here) + " must be " + known.valueType() + ", is "
                + value.valueType() + origin(value),
            ConfigUtil.joinPath(here));
      } else if (known.valueType() == ConfigValueType.NUMBER && !isNumber(value)) {
        throw new AgentOsException(
            ErrorCode.SETTINGS_INVALID,
            ConfigUtil.joinPath(here) + " must be NUMBER, is " + value.render() + origin(value),
            ConfigUtil.joinPath(here));
      }
    });
  }

  /** System properties and environment variables are texts, also where they mean numbers. */
  private static boolean isNumber(ConfigValue value) {
    try {
      return Double.isFinite(value.atKey("value").getDouble("value"));
    } catch (ConfigException e) {
      return false;
    }
  }

  private static AgentOsException unknown(
      List<String> path, ConfigObject reference, List<String> parent) {
    String key = path.getLast();
    String nearest = nearest(key, reference.keySet())
        .map(candidate -> "; did you mean " + ConfigUtil.joinPath(parent) + "." + candidate + "?")
        .orElse("");
    return new AgentOsException(
        ErrorCode.SETTINGS_UNKNOWN_KEY,
        "unknown setting " + ConfigUtil.joinPath(path) + nearest,
        ConfigUtil.joinPath(path));
  }

  /** The known name that somebody probably meant; empty if there is none at all. */
  public static Optional<String> nearest(String name, Collection<String> known) {
    return known.stream()
        .min(Comparator.comparingInt((String candidate) ->
                LevenshteinDistance.getDefaultInstance().apply(candidate, name))
            .thenComparing(Comparator.naturalOrder()));
  }

  private static String origin(ConfigValue value) {
    return " (" + value.origin().description() + ")";
  }
}
