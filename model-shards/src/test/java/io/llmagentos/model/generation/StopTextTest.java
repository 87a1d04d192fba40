package io.llmagentos.model.generation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StopTextTest {
  @Test
  void shouldStopBeforeATextThatLiesAcrossPieces() {
    StopText stop = new StopText(List.of("END", "\n\n"));
    assertThat(stop.add("hello E")).isEqualTo("hello ");
    assertThat(stop.add("N")).isEmpty();
    assertThat(stop.add("TER E")).isEqualTo("ENTER ");
    assertThat(stop.add("NDless")).isEmpty();
    assertThat(stop.isStopped()).isTrue();
    assertThat(stop.finish()).isEmpty();
  }

  @Test
  void shouldSayWhatWaitedWhenNothingMoreComes() {
    StopText stop = new StopText(List.of("<stop>"));
    assertThat(stop.add("a <sto")).isEqualTo("a ");
    assertThat(stop.finish()).isEqualTo("<sto");
  }

  @Test
  void shouldFindTheFirstStopWhereverThePiecesEnd() {
    Random random = new Random(3);
    for (int round = 0; round < 2000; round++) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < 30; i++) {
        text.append("ab".charAt(random.nextInt(2)));
      }
      List<String> stops = List.of("aab", "bbba", "ababab");
      int first =
          stops.stream().mapToInt(text::indexOf).filter(i -> i >= 0).min().orElse(30);
      StopText stop = new StopText(stops);
      StringBuilder said = new StringBuilder();
      for (int at = 0; at < 30; ) {
        int to = Math.min(30, at + 1 + random.nextInt(5));
        said.append(stop.add(text.substring(at, to)));
        at = to;
      }
      said.append(stop.finish());
      assertThat(said.toString()).isEqualTo(text.substring(0, first));
    }
  }
}
