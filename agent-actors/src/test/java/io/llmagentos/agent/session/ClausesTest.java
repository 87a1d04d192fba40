package io.llmagentos.agent.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClausesTest {
  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      wake me up at nine and turn on the lights in the kitchen | wake me up at nine | turn on the lights in the kitchen
      add milk to my shopping list, then tell me what is on my shopping list | add milk to my shopping list | tell me what is on my shopping list
      What time is it in London? What is five times seven? | What time is it in London | What is five times seven?
      what is two plus two and what time is it | what is two plus two | what time is it
      Turn off the lights! Wake me at 6 a.m. please | Turn off the lights | Wake me at 6 a.m. please
      add milk to my list and add bread to my list | add milk to my list | add bread to my list
      please tell me a joke and then could you play pop | please tell me a joke | could you play pop
      """)
  void shouldSplitRequests(String message, String first, String second) {
    assertThat(Clauses.of(message)).containsExactly(first, second);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "remind me to buy bread and milk",
        "remind me to buy milk and call mom",
        "turn on the lights in the kitchen and the hall",
        "play rock and roll",
        "what is the weather in paris and in rome",
        "cancel my alarm and set it to nine",
        "find me an audio book and play it for me",
        "go to the podcast and play the next episode",
        "send an email to john and say hello",
        "tell bob that the shop is closed and ask for a new date",
        "email bob. tell him hello",
        "go and make me a coffee",
        "the rate of euro to u. s. dollars",
        "call dr. smith on monday",
        "oh that's good, olly",
        "thanks and play jazz",
        "wake me at nine, then at ten",
        "turn on the lights. thanks.",
        ""
      })
  void shouldKeepWholeWhatIsOneRequest(String message) {
    assertThat(Clauses.of(message)).containsExactly(message);
  }

  @Test
  void shouldSplitMoreThanTwo() {
    assertThat(Clauses.of("set an alarm for nine, turn off the hall light and what is the weather"))
        .containsExactly("set an alarm for nine", "turn off the hall light", "what is the weather");
  }

  @Test
  void shouldKeepWholeWhatIsTooLongForRequests() {
    List<String> many = IntStream.range(0, 9).mapToObj(i -> "play song " + i).toList();
    assertThat(Clauses.of(String.join(" and ", many.subList(0, 8)))).hasSize(8);
    assertThat(Clauses.of(String.join(" and ", many))).hasSize(1);
    String essay = IntStream.range(0, 3)
        .mapToObj(i -> "play " + "a".repeat(200))
        .collect(Collectors.joining(". "));
    assertThat(Clauses.of(essay)).containsExactly(essay);
  }
}
