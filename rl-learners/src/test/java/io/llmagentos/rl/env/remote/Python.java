package io.llmagentos.rl.env.remote;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The server script with one of the environments of {@code worlds.py}. Needs python3 on the path; NumPy for one test only. */
public final class Python {
  private static final Path MODULE = Path.of(System.getProperty("basedir", "."));

  private Python() {}

  /** The command that serves {@code worlds:world}; an address is still to follow. */
  public static List<String> command(String world, String kwargs) {
    Path script =
        MODULE.resolve("../deploy/src/main/python/gymnasium_server.py").toAbsolutePath();
    assertThat(script).isRegularFile();
    Path worlds = MODULE.resolve("src/test/resources/remote").toAbsolutePath();
    return List.of(
        "env",
        "PYTHONPATH=" + worlds,
        "PYTHONDONTWRITEBYTECODE=1",
        "python3",
        script.normalize().toString(),
        "--env",
        "worlds:" + world,
        "--kwargs",
        kwargs);
  }

  static List<String> command(String world) {
    return command(world, "{}");
  }

  /** A server of its own; whoever starts it ends it. */
  static Process start(String world, String kwargs, String... more) throws IOException {
    List<String> all = new ArrayList<>(command(world, kwargs));
    all.addAll(List.of(more));
    return new ProcessBuilder(all).inheritIO().start();
  }
}
