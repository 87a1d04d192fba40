package io.llmagentos.node.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PortPlanTest {
  private final PortPlan three = new PortPlan(8080, 3);

  @Test
  void shouldDeriveEveryPortFromTheBase() {
    assertThat(three.door(2)).isEqualTo(8082);
    assertThat(three.management(2)).isEqualTo(8182);
    assertThat(three.artery(2)).isEqualTo(8282);
    assertThat(three.database()).isEqualTo(8380);
    assertThat(three.all(true)).hasSize(10).doesNotHaveDuplicates();
    assertThat(new PortPlan(8080, PortPlan.MAX_NODES).all(true)).doesNotHaveDuplicates();
  }

  @Test
  void shouldGiveEveryNodeTheSameFirstSeedWhenNobodyIsUp() {
    for (int node = 0; node < 3; node++) {
      assertThat(three.seeds(node, Set.of()))
          .containsExactly("127.0.0.1:8280", "127.0.0.1:8281", "127.0.0.1:8282");
    }
  }

  @Test
  void shouldPutTheLivingFirstAndItselfLastWhenANodeComesBack() {
    assertThat(three.seeds(0, Set.of(2)))
        .containsExactly("127.0.0.1:8282", "127.0.0.1:8281", "127.0.0.1:8280");
    assertThat(three.seeds(1, Set.of(0, 2)))
        .containsExactly("127.0.0.1:8280", "127.0.0.1:8282", "127.0.0.1:8281");
  }

  @Test
  void shouldNotCountItselfAmongTheLiving() {
    assertThat(three.seeds(0, Set.of(0))).first().isEqualTo("127.0.0.1:8280");
  }

  @Test
  void shouldRefuseWhatDoesNotFit() {
    assertThatThrownBy(() -> new PortPlan(8080, 11)).hasMessageContaining("--nodes is 11");
    assertThatThrownBy(() -> new PortPlan(65_300, 1)).hasMessageContaining("--port is 65300");
  }

  @Test
  void shouldNameThePortThatIsTaken() throws IOException {
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int base = taken.getLocalPort() - 200;
      assertThatThrownBy(() -> new PortPlan(base, 1).requireFree(false))
          .isInstanceOfSatisfying(
              AgentOsException.class,
              error -> assertThat(error.code()).isEqualTo(ErrorCode.PORT_IN_USE))
          .hasMessageContaining("port " + taken.getLocalPort() + " is taken")
          .hasMessageContaining("--port");
    }
  }
}
