package io.llmagentos.model.djl;

import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.JniUtils;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** libtorch in this JVM; loaded by the first call, which takes seconds. Thread-safe. */
public final class PyTorch {
  private PyTorch() {}

  /** The engine. Throws {@code UNAVAILABLE} without libtorch for this platform on the class path. */
  public static Engine engine() {
    // Nothing is downloaded; one graph serves all shapes instead of being specialised for each.
    for (var setting : Map.of("ai.djl.offline", "true", "ai.djl.pytorch.graph_optimizer", "false")
        .entrySet()) {
      if (System.getProperty(setting.getKey()) == null) {
        System.setProperty(setting.getKey(), setting.getValue());
      }
    }
    try {
      return Engine.getEngine("PyTorch");
    } catch (EngineException | IllegalArgumentException | IllegalStateException | LinkageError e) {
      throw new AgentOsException(
          ErrorCode.UNAVAILABLE,
          "libtorch does not load (" + e.getMessage()
              + "): pytorch-native-cpu and pytorch-jni for this platform must be on the class path",
          "framework",
          e);
    }
  }

  /** Uses this many threads inside an operator, in the whole JVM. Results repeat for the same number. */
  public static void threads(int threads) {
    // The engine first: it sets its own number when it loads.
    engine();
    JniUtils.setNumThreads(threads);
  }

  /** Keeps the memory that libtorch frees in this process: for those that compute the same again and again. */
  public static void keepMemory() {
    Malloc.keep();
  }

  /** A manager of native memory that its owner closes. */
  public static PtNDManager newManager() {
    return (PtNDManager) engine().newBaseManager();
  }

  /** Loads serialised TorchScript that defines {@code className}, a class without attributes. The block belongs to the caller. */
  public static PtSymbolBlock load(PtNDManager manager, String className, String source) {
    try {
      byte[] archive = ScriptArchive.of(className, source);
      return JniUtils.loadModule(manager, new ByteArrayInputStream(archive), false, false);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The text of a script beside {@code owner}. */
  public static String source(Class<?> owner, String name) {
    try (@Nullable InputStream in = owner.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalArgumentException("no " + name + " beside " + owner.getName());
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
