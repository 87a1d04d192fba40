package io.llmagentos.model.nano;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmagentos.model.functions.FunctionSet;
import io.llmagentos.model.functions.FunctionSets;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class ShippedModelTest {
  private final Path directory = directory();

  private static Path directory() {
    URL model = Objects.requireNonNull(
        ShippedModelTest.class.getResource("/models/agentos-nano"), "agentos-nano");
    try {
      return Path.of(model.toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void shouldMapOverlapsOntoFunctionsThatExist() throws IOException {
    FunctionSets sets = FunctionSets.read(directory);
    var hwu = sets.set(Mixture.HWU64).functions().keySet();
    var clinc = sets.set(Mixture.CLINC150).functions().keySet();
    var assistant = sets.set(Mixture.ASSISTANT).functions().keySet();
    assertThat(assistant).containsAll(hwu);
    ExampleFiles.overlap().forEach((from, to) -> {
      assertThat(clinc).contains(from);
      if (!to.equals("-")) {
        assertThat(hwu).contains(to);
      }
      if (!from.equals(to)) {
        assertThat(assistant).doesNotContain(from);
      }
    });
    assertThat(hwu).containsAll(ExampleFiles.outsideClinc());
    for (Example example : ExampleFiles.ownSentences()) {
      if (!example.intent().equals(Example.OUT_OF_SCOPE)) {
        assertThat(assistant).contains(example.intent());
      }
    }
  }

  @Test
  void shouldCallWhatTheDemoSays() throws IOException {
    FunctionSet assistant = FunctionSets.read(directory).set(Mixture.ASSISTANT);
    List<String> requests = List.of(
        "wake me up at nine am on friday",
        "what alarms do I have",
        "cancel the friday one",
        "cancel my friday alarm",
        "book me a flight to mars",
        "turn on the lights in the kitchen",
        "add milk to my shopping list",
        "what time is it in london",
        "what is five times seven",
        "make me a coffee",
        "start the vacuum cleaner",
        "what is the meaning of quantum loyalty for snails");
    try (var calls = new GreedyCalls(directory, 1)) {
      assertThat(calls.of(assistant, requests))
          .extracting(c -> c.function() + " " + c.arguments())
          .containsExactly(
              "alarm_set " + List.of(argument("time", "nine am"), argument("date", "friday")),
              "alarm_query []",
              "alarm_remove " + List.of(argument("date", "friday")),
              "alarm_remove " + List.of(argument("date", "friday")),
              "book_flight []",
              "iot_hue_lighton " + List.of(argument("house_place", "kitchen")),
              "lists_createoradd " + List.of(argument("list_name", "shopping")),
              "datetime_query " + List.of(argument("place_name", "london")),
              "qa_maths []",
              "iot_coffee []",
              "iot_cleaning " + List.of(argument("device_type", "vacuum cleaner")),
              Example.OUT_OF_SCOPE + " []");
    }
  }

  private static Calls.Argument argument(String slot, String value) {
    return new Calls.Argument(slot, value);
  }
}
