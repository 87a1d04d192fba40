package io.llmagentos.rl.env;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.rl.env.registration.EnvRegistry;
import io.llmagentos.rl.random.Generator;
import io.llmagentos.rl.space.Box;
import io.llmagentos.rl.space.Discrete;
import io.llmagentos.rl.space.Space;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class EnvCheckerTest {
  private static final EnvRegistry REGISTRY = EnvRegistry.load();

  /** All but the one that is nothing without a process: {@code RemoteEnvTest} checks it with one. */
  static List<String> ids() {
    return REGISTRY.ids().stream()
        .filter(id -> !id.equals("Remote-v0") && !id.startsWith("faulty/"))
        .sorted()
        .toList();
  }

  @ParameterizedTest
  @MethodSource("ids")
  void shouldPassWhatShips(String id) {
    EnvChecker.check(id, () -> REGISTRY.make(id));
  }

  @Test
  void shouldPassAGoodEnvironment() {
    EnvChecker.check("Walk-v0", () -> new Walk(Fault.NONE));
  }

  @ParameterizedTest
  @MethodSource("faults")
  void shouldNameWhatIsWrong(Fault fault) {
    assertThatThrownBy(() -> EnvChecker.check("Walk-v0", () -> new Walk(fault)))
        .isInstanceOfSatisfying(
            AgentOsException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.ENVIRONMENT_FAILED))
        .hasMessageStartingWith("Walk-v0: ")
        .hasMessageContaining(fault.says);
  }

  static List<Fault> faults() {
    return List.of(Fault.values()).stream().filter(fault -> fault != Fault.NONE).toList();
  }

  enum Fault {
    NONE(""),
    OUTSIDE("[101.0] is outside"),
    NAN_OBSERVATION("[NaN] is outside"),
    WRONG_SHAPE("[0.0, 0.0] is outside"),
    NAN_REWARD("the reward is NaN"),
    IGNORES_SEED("not deterministic"),
    FORGETS_IN_SNAPSHOT("restored from a snapshot"),
    FULL_MASK("allows nothing"),
    WRONG_MASK("action mask has 3 entries");

    final String says;

    Fault(String says) {
      this.says = says;
    }
  }

  /** A random walk with one flaw. */
  private static final class Walk implements Env<float[], Integer> {
    private static long calls;

    private final Fault fault;
    private Generator random = Generator.of(0);
    private float position;

    Walk(Fault fault) {
      this.fault = fault;
    }

    @Override
    public Space<float[]> observationSpace() {
      return Box.of(-100, 100, 1);
    }

    @Override
    public Space<Integer> actionSpace() {
      return new Discrete(2);
    }

    @Override
    public Reset<float[]> reset() {
      position = fault == Fault.IGNORES_SEED ? calls++ % 50 : (float) random.random();
      return new Reset<>(new float[] {position}, Map.of());
    }

    @Override
    public Reset<float[]> reset(long seed) {
      random = Generator.of(seed);
      return reset();
    }

    @Override
    public Step<float[]> step(Integer action) {
      position += action == 1 ? 1 : -1;
      boolean over = Math.abs(position) > 10;
      float[] observation = switch (fault) {
        case OUTSIDE -> new float[] {101};
        case NAN_OBSERVATION -> new float[] {Float.NaN};
        case WRONG_SHAPE -> new float[2];
        default -> new float[] {position};
      };
      double reward = fault == Fault.NAN_REWARD ? Double.NaN : position;
      return new Step<>(observation, reward, over, false, Map.of());
    }

    @Override
    public int actionMaskWidth() {
      return fault == Fault.WRONG_MASK ? 3 : fault == Fault.FULL_MASK ? 2 : 0;
    }

    @Override
    public Optional<byte[]> snapshot() {
      return Optional.of(Snapshot.of(out -> {
        random.write(out);
        out.writeFloat(position);
      }));
    }

    @Override
    public void restore(byte[] snapshot) {
      Snapshot.read(snapshot, random::read);
      if (fault != Fault.FORGETS_IN_SNAPSHOT) {
        position = ByteBuffer.wrap(snapshot).getFloat(snapshot.length - Float.BYTES);
      }
    }
  }
}
