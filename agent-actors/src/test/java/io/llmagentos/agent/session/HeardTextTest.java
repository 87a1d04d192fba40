package io.llmagentos.agent.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HeardTextTest {
  private final HeardText heard = new HeardText();

  private static Session.Delta delta(int offset, String text) {
    return new Session.Delta("t", offset, text);
  }

  @Test
  void shouldTellOnlyWhatIsNewWhenTheAnswerIsSaidAgain() {
    assertThat(heard.hear(delta(0, "one two "))).containsExactly(delta(0, "one two "));
    assertThat(heard.hear(delta(0, "one "))).isEmpty();
    assertThat(heard.hear(delta(4, "two three "))).containsExactly(delta(8, "three "));
    assertThat(heard.hear(delta(14, "four"))).containsExactly(delta(14, "four"));
  }

  @Test
  void shouldForgetAnAnswerThatIsGivenOtherwise() {
    heard.hear(delta(0, "one two three "));
    assertThat(heard.hear(delta(0, "one "))).isEmpty();
    assertThat(heard.hear(delta(4, "too ")))
        .containsExactly(new Session.Reset("t"), delta(0, "one too "));
    assertThat(heard.hear(delta(8, "many"))).containsExactly(delta(8, "many"));
  }

  @Test
  void shouldTellNothingThatDoesNotFollow() {
    assertThat(heard.hear(delta(4, "two "))).isEmpty();
    assertThat(heard.hear(delta(0, "one two "))).containsExactly(delta(0, "one two "));
  }

  /** Answers that begin again in the middle, alike up to some point: a client that does as it is told has the last one. */
  @Test
  void shouldLeaveTheClientWithTheLastAnswerHoweverOftenItBegins() {
    for (int seed = 0; seed < 200; seed++) {
      Random random = new Random(seed);
      HeardText text = new HeardText();
      StringBuilder client = new StringBuilder();
      StringBuilder answer = new StringBuilder();
      for (int life = 0; life < 4; life++) {
        answer.setLength(0);
        int words = 5 + random.nextInt(10);
        for (int word = 0; word < words; word++) {
          String next = random.nextInt(12) == 0 ? "z " : "w" + word + " ";
          List<Session.Reply> told = new ArrayList<>(text.hear(delta(answer.length(), next)));
          answer.append(next);
          for (Session.Reply reply : told) {
            if (reply instanceof Session.Delta delta) {
              assertThat(delta.offset()).as("seed %d", seed).isEqualTo(client.length());
              client.append(delta.text());
            } else {
              client.setLength(0);
            }
          }
        }
      }
      assertThat(client.toString()).as("seed %d", seed).startsWith(answer.toString());
    }
  }
}
