package io.llmagentos.model.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ScriptMethodTest {
  private static final ScriptMethod METHOD = new ScriptMethod(
      true,
      Map.of(
          "b", "b = int(n[0])",
          "t", "t = torch.numel(ids) // b",
          "w_0", "w_0 = torch.as_strided(w, [4], [1], 0)",
          "g_0", "g_0 = torch.as_strided(g, [4], [1], 0)"),
      List.of(
          "x0 = torch.embedding(w_0, ids)",
          "x1, d_x0 = __torch__.loss(x0, targets)",
          "d_x0 = d_x0 + x0",
          "__torch__.add(d_x0, t, g_0)"),
      List.of("x1"));

  @Test
  void shouldDefineWhatIsMentionedBeforeItIs() {
    ScriptMethod.Part whole = METHOD.whole("run");
    assertThat(whole.source()).isEqualTo("""
          def run(self: __torch__.Transformer, w: Tensor, g: Tensor, n: Tensor, ids: Tensor, targets: Tensor) -> List[Tensor]:
            w_0 = torch.as_strided(w, [4], [1], 0)
            x0 = torch.embedding(w_0, ids)
            x1, d_x0 = __torch__.loss(x0, targets)
            d_x0 = d_x0 + x0
            b = int(n[0])
            t = torch.numel(ids) // b
            g_0 = torch.as_strided(g, [4], [1], 0)
            __torch__.add(d_x0, t, g_0)
            return annotate(List[Tensor], [x1])
        """);
    assertThat(whole.inputs()).containsExactly(Input.IDS, Input.TARGETS);
    assertThat(whole.takes()).isEmpty();
    assertThat(whole.gives()).isEmpty();
  }

  @Test
  void shouldHandOverWhatLaterPartsMention() {
    List<ScriptMethod.Part> parts = METHOD.cut("run", List.of(2, 3, 4));
    assertThat(parts.stream().map(ScriptMethod.Part::name))
        .containsExactly("run_0", "run_1", "run_2");
    assertThat(parts.get(0).gives()).containsExactly("x0", "d_x0");
    assertThat(parts.get(0).source()).endsWith("return annotate(List[Tensor], [x1, x0, d_x0])\n");
    assertThat(parts.get(1).takes()).containsExactly("x0", "d_x0");
    assertThat(parts.get(1).gives()).as("anew").containsExactly("d_x0");
    assertThat(parts.get(1).inputs()).isEmpty();
    assertThat(parts.get(2).takes()).containsExactly("d_x0");
    assertThat(parts.get(2).source()).isEqualTo("""
          def run_2(self: __torch__.Transformer, w: Tensor, g: Tensor, n: Tensor, live: List[Tensor], ids: Tensor) -> List[Tensor]:
            d_x0 = live[0]
            b = int(n[0])
            t = torch.numel(ids) // b
            g_0 = torch.as_strided(g, [4], [1], 0)
            __torch__.add(d_x0, t, g_0)
            return annotate(List[Tensor], [])
        """);
  }
}
