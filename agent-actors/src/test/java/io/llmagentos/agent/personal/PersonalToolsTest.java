package io.llmagentos.agent.personal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PersonalToolsTest {
  private static final List<String> VOCABULARY = List.of(
      "nine",
      "am",
      "pm",
      "friday",
      "every",
      "the",
      "twenty",
      "second",
      "hundred",
      "thousand",
      "and",
      "of",
      "march",
      "next",
      "from",
      "to",
      "in",
      "99999999999",
      "32nd",
      "0",
      "divided",
      "by",
      "list",
      "add",
      "remove",
      "alarm",
      "kitchen",
      "%",
      "\u0000",
      "\ud83d\ude00",
      "(",
      "[",
      "\\",
      "$1",
      "'",
      "2017",
      "-",
      "/",
      ":",
      "25:99",
      "half",
      "oh",
      "week",
      "gmt",
      "plus",
      "SQRT(",
      "factorial",
      "^",
      "what time is it in");

  @ParameterizedTest
  @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
      calendar_set       | add a meeting with justin on thursday at three  | event_name=meeting;person=justin;date=thursday;time=three | Added to your calendar: meeting with justin on Thursday 26 November at 3:00 PM.
      calendar_set       | remember dinner on thursday at bistro italia    | meal_type=dinner;date=thursday;place_name=bistro italia   | Added to your calendar: dinner in bistro italia on Thursday 26 November.
      calendar_set       | remind me to water my plants every tuesday and saturday | event_name=water my plants;general_frequency=every tuesday and saturday | Added to your calendar: water my plants every Tuesday and Saturday.
      calendar_set       | schedule lunch tomorrow at noon                 | meal_type=lunch;date=tomorrow;timeofday=noon              | Added to your calendar: lunch on Tuesday 24 November at 12:00 PM.
      calendar_set       | remind me later                                 | -                                                         | What should I call the event?
      calendar_set       | add a meeting                                   | event_name=meeting                                        | On what day and at what time is meeting?
      calendar_query     | what is on my calendar tomorrow                 | date=tomorrow                                             | You have nothing in your calendar on Tuesday 24 November.
      calendar_remove    | cancel my meeting                               | event_name=meeting                                        | Your calendar is empty.
      lists_createoradd  | add toothpaste to my shopping list              | list_name=shopping                                        | Added toothpaste to your shopping list.
      lists_createoradd  | please add milk, bread and eggs to my grocery list | list_name=grocery                                      | Added milk, bread and eggs to your grocery list.
      lists_createoradd  | grocery list add eggs                           | list_name=grocery                                         | Added eggs to your grocery list.
      lists_createoradd  | Add pick up kids from school to my to do list for today | list_name=to do;date=today                        | Added pick up kids from school to your to do list.
      lists_createoradd  | add wine to list                                | -                                                         | To which list should I add wine?
      lists_createoradd  | make a new list for me                          | -                                                         | What should I call the new list?
      lists_createoradd  | make a new list for school supplies             | list_name=school supplies                                 | Made a new list: school supplies.
      lists_createoradd  | create packing checklist                        | list_name=packing                                         | Made a new list: packing.
      lists_query        | what's on my shopping list                      | list_name=shopping                                        | You have no lists.
      lists_remove       | delete bananas from my shopping list            | list_name=shopping                                        | You have no lists.
      iot_hue_lighton    | turn on the lights                              | device_type=lights                                        | The lights are on.
      iot_hue_lighton    | light up the lights in the kitchen              | house_place=kitchen                                       | The kitchen lights are on.
      iot_hue_lightoff   | turn off the bathroom lights                    | -                                                         | The bathroom lights are off.
      iot_hue_lightoff   | turn off the lights at nine thirty pm           | time=nine thirty pm                                       | I can only do that right away, not at another time. Shall I do it now?
      iot_hue_lightdim   | dim the lights in living room                   | house_place=living room                                   | The living room lights are on at 80 percent.
      iot_hue_lightdim   | dim the lights to fifty percent                 | change_amount=to fifty percent                            | The lights are on at 50 percent.
      iot_hue_lightup    | brighten the room                               | house_place=room                                          | The lights are on.
      iot_hue_lightchange | change lights from red to blue                 | color_type=red;color_type=blue                            | The lights are on at 100 percent, blue.
      iot_hue_lightchange | turn living room lights red                    | -                                                         | The living room lights are on at 100 percent, red.
      iot_hue_lightchange | change the colours please                      | -                                                         | What colour should the lights be?
      iot_hue_lightchange | make it romantic                               | color_type=romantic                                       | I don't know the colour romantic. What colour should the lights be?
      iot_wemo_on        | turn on the plug                                | device_type=plug                                          | The plug is on.
      iot_wemo_on        | start it                                        | -                                                         | The smart plug is on.
      iot_wemo_off       | turn off the wemo socket in the kitchen         | device_type=wemo socket;house_place=kitchen               | The kitchen wemo socket is off.
      iot_coffee         | please make me a cappuccino                     | coffee_type=cappuccino                                    | The coffee machine is making your coffee: cappuccino.
      iot_coffee         | order a latte from starbucks                    | coffee_type=latte;business_name=starbucks                 | I can't order from starbucks, only start the coffee machine at home. Shall I do that?
      iot_coffee         | set coffee maker to start at three              | time=three                                                | I can only do that right away, not at another time. Shall I do it now?
      iot_cleaning       | vacuum the living room now                      | house_place=living room                                   | The vacuum cleaner is cleaning the living room.
      iot_cleaning       | start the vacuum at nine am                     | time=nine am;device_type=vacuum                           | I can only do that right away, not at another time. Shall I do it now?
      datetime_query     | what time is it                                 | -                                                         | It is 8:00 PM.
      datetime_query     | what day is it today                            | date=today                                                | Today is Monday 23 November 2026.
      datetime_query     | what time is it in london                       | place_name=london                                         | It is 7:00 PM in London.
      datetime_query     | what time is it in ajmer                        | -                                                         | It is 12:30 AM on Tuesday 24 November in Ajmer.
      datetime_query     | what's the time in india                        | place_name=india                                          | It is 12:30 AM on Tuesday 24 November in India.
      datetime_query     | current time in lagos nigeria                   | place_name=lagos nigeria                                  | It is 8:00 PM in Lagos Nigeria.
      datetime_query     | time in canada                                  | place_name=canada                                         | Canada has several time zones. Which city do you mean?
      datetime_query     | time in atlantis                                | place_name=atlantis                                       | I don't know the time zone of atlantis.
      datetime_query     | what is the date for next tuesday               | date=tuesday                                              | Tuesday 1 December 2026.
      datetime_query     | what day does april sixteenth fall on           | date=april sixteenth                                      | Friday 16 April 2027.
      datetime_convert   | what is the time difference between eastern and pacific | time_zone=eastern;time_zone=pacific                | Pacific is 3 hours behind Eastern.
      datetime_convert   | if it's five am in berlin what time is it here  | time=five am;place_name=berlin                            | 5:00 AM in Berlin is 5:00 AM in your zone.
      datetime_convert   | if it is six am here what time is it in tokyo   | time=six am;place_name=tokyo                              | 6:00 AM in your zone is 2:00 PM in Tokyo.
      datetime_query     | what date is easter sunday this year              | date=this year                                            | I don't know when Easter Sunday is.
      datetime_query     | date in new york                                  | place_name=new york                                       | It is 2:00 PM on Monday 23 November in New York.
      datetime_convert   | what is 5 pm new york time in london              | time=5 pm;place_name=london                               | 5:00 PM in New York is 10:00 PM in London.
      datetime_convert   | what is the nine am cst to est                    | time=nine am;time_zone=cst                                | 9:00 AM in CST is 10:00 AM in EST.
      datetime_convert   | it's eight at night in france what time is it in new york | time=eight;timeofday=night;place_name=france      | 8:00 PM in France is 2:00 PM in New York.
      datetime_convert   | the time difference between lagos and new york is what | place_name=lagos                                     | New York is 6 hours behind Lagos.
      datetime_convert   | what's the time difference between here and queensland | place_name=queens                                    | Queensland is 9 hours ahead of your zone.
      qa_maths           | what's 15 percent of 80                           | -                                                         | 80 * 15 / 100 = 12.
      qa_maths           | what's two plus two                               | -                                                         | 2 + 2 = 4.
      qa_maths           | how many times does fifty go into one million     | -                                                         | 1000000 / 50 = 20000.
      lists_createoradd  | create a list called groceries                    | list_name=groceries                                       | Made a new list: groceries.
      lists_createoradd  | i need oranges added to my grocery list           | list_name=grocery                                         | Added oranges to your grocery list.
      lists_createoradd  | make sure bread is on my grocery list             | list_name=grocery                                         | Added bread to your grocery list.
      datetime_convert   | convert eight am manila time to new york time   | time=eight am;place_name=manila;place_name=new york       | 8:00 AM in Manila is 7:00 PM the day before in New York.
      datetime_convert   | convert time zone                               | -                                                         | Between which places or time zones?
      """)
  void shouldAnswer(String tool, String request, String slots, String expected) {
    String[] pairs = slots == null ? new String[0] : slots.split(";");
    assertThat(new Assistant().say(request, tool, pairs)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      what is five times seven                          | 5 * 7 = 35.
      what is the square root of 81                     | The square root of 81 = 9.
      what is 15% of 80                                 | 80 * 15 / 100 = 12.
      how much is twelve divided by four                | 12 / 4 = 3.
      what is three hundred and four plus one           | 304 + 1 = 305.
      two hundred divided by thirteen                   | 200 / 13 = about 15.38461538.
      subtract sixty from two hundred and forty four    | 244 - 60 = 184.
      whats ten percent off forty dollars               | 40 * (100 - 10) / 100 = 36.
      tell me what the product of eighteen and thirty one is | 18 * 31 = 558.
      find the sum of thirteen and fourteen             | 13 + 14 = 27.
      add five plus eighteen minus four please          | 5 + 18 - 4 = 19.
      what is one hundred and twenty three times one hundred and twenty three | 123 * 123 = 15129.
      what is the square of 4                           | 4 ^ 2 = 16.
      can you take five and divide it by three          | 5 / 3 = about 1.666666667.
      what is the remainder when five hundred and twenty one is divided by three | 521 % 3 = 2.
      what is five divided by zero                      | Division by zero has no result.
      please solve this math                            | What exactly should I compute? I can add, subtract, multiply, divide, and take percentages and roots.
      what is the factorial of x                        | What exactly should I compute? I can add, subtract, multiply, divide, and take percentages and roots.
      if i make dollars per hour and work twenty hours  | What exactly should I compute? I can add, subtract, multiply, divide, and take percentages and roots.
      how many miles in five kilometers                 | What exactly should I compute? I can add, subtract, multiply, divide, and take percentages and roots.
      """)
  void shouldCompute(String request, String expected) {
    assertThat(new Assistant().say(request, "qa_maths")).isEqualTo(expected);
  }

  @Test
  void shouldTakeBackWithAToolThatThereIs() {
    assertThat(PersonalTools.standard())
        .filteredOn(tool -> tool.undo().isPresent())
        .isNotEmpty()
        .allSatisfy(tool -> {
          PersonalTool undo = PersonalTools.named(tool.undo().orElseThrow()).orElseThrow();
          assertThat(undo.tells() || tool.tells()).isFalse();
          assertThat(undo.specification().parameters())
              .isEqualTo(tool.specification().parameters());
        });
    assertThat(PersonalTools.named("no_such_tool")).isEmpty();
  }

  @Test
  void shouldKeepTheCalendar() {
    Assistant me = new Assistant();
    me.say(
        "meeting with ted friday at ten am",
        "calendar_set",
        "event_name=meeting",
        "person=ted",
        "date=friday",
        "time=ten am");
    me.say(
        "dentist tomorrow at nine am",
        "calendar_set",
        "event_name=dentist appointment",
        "date=tomorrow",
        "time=nine am");
    me.say(
        "yoga every day at seven am",
        "calendar_set",
        "event_name=yoga",
        "general_frequency=every day",
        "time=seven am");
    assertThat(me.say("what do i have tomorrow", "calendar_query", "date=tomorrow"))
        .isEqualTo(
            "In your calendar on Tuesday 24 November: yoga on Tuesday 24 November at 7:00 AM; dentist appointment on Tuesday 24 November at 9:00 AM.");
    assertThat(me.say(
            "do i have meetings this week",
            "calendar_query",
            "event_name=meetings",
            "date=this week"))
        .contains("meeting with ted");
    assertThat(me.say(
            "anything tomorrow after eight am",
            "calendar_query",
            "date=tomorrow",
            "time=after eight am"))
        .contains("dentist")
        .doesNotContain("yoga");
    assertThat(me.say("delete an event", "calendar_remove")).contains("Which one should I remove?");
    assertThat(me.say("erase my appointment with ted", "calendar_remove", "person=ted"))
        .isEqualTo(
            "Removed from your calendar: meeting with ted on Friday 27 November at 10:00 AM.");
    assertThat(me.say("delete all events", "calendar_remove")).contains("yoga", "dentist");
    assertThat(me.state).isEqualTo(PersonalState.EMPTY);
  }

  @Test
  void shouldKeepLists() {
    Assistant me = new Assistant();
    me.say("add milk and eggs to my grocery list", "lists_createoradd", "list_name=grocery");
    assertThat(me.say("add butter to the list", "lists_createoradd"))
        .isEqualTo("Added butter to your grocery list.");
    assertThat(me.say("add milk to the list", "lists_createoradd"))
        .isEqualTo("Milk is already on your grocery list.");
    assertThat(me.say("what is on the list", "lists_query"))
        .isEqualTo("On your grocery list: milk, eggs and butter.");
    assertThat(me.say("what lists do i have", "lists_query"))
        .isEqualTo("You have 1 list: grocery.");
    assertThat(
            me.say("please remove egg from my grocery list", "lists_remove", "list_name=grocery"))
        .isEqualTo("Removed eggs from your grocery list.");
    assertThat(me.say("remove the second row from the list", "lists_remove"))
        .isEqualTo("Removed butter from your grocery list.");
    assertThat(me.say("remove cheese from my grocery list", "lists_remove", "list_name=grocery"))
        .isEqualTo("There is no cheese on your grocery list.");
    assertThat(me.say("delete an item", "lists_remove"))
        .isEqualTo("What should I remove from your grocery list?");
    assertThat(me.say("clear the list", "lists_remove"))
        .isEqualTo("Removed milk from your grocery list.");
    assertThat(me.say("remove my to do list", "lists_remove", "list_name=to do"))
        .isEqualTo("You have no to do list.");
    assertThat(me.say("delete my groceries list", "lists_remove", "list_name=groceries"))
        .isEqualTo("Removed your grocery list.");
    assertThat(me.state).isEqualTo(PersonalState.EMPTY);
  }

  @Test
  void shouldKeepDevices() {
    Assistant me = new Assistant();
    me.say("kitchen lights on", "iot_hue_lighton", "house_place=kitchen");
    assertThat(me.say("dim it", "iot_hue_lightdim", "house_place=kitchen"))
        .isEqualTo("The kitchen lights are on at 80 percent.");
    assertThat(me.say("is the light on in the kitchen", "iot_hue_lightoff", "house_place=kitchen"))
        .isEqualTo("The kitchen lights are on at 80 percent.");
    assertThat(me.say("all lights off", "iot_hue_lightoff")).isEqualTo("The lights are off.");
    assertThat(me.state.devices().light("kitchen").on()).isFalse();
    assertThat(me.say("plug off", "iot_wemo_off", "device_type=plug"))
        .isEqualTo("The plug is off.");
    assertThat(me.say("plug off", "iot_wemo_off", "device_type=plug"))
        .isEqualTo("The plug is already off.");
    me.say("start the vacuum", "iot_cleaning", "device_type=vacuum");
    assertThat(me.say("stop the vacuum", "iot_cleaning", "device_type=vacuum"))
        .isEqualTo("The vacuum cleaner has stopped.");
    assertThat(me.say("stop the vacuum", "iot_cleaning", "device_type=vacuum"))
        .isEqualTo("The vacuum cleaner is not running.");
  }

  @Test
  void shouldDescribeEachToolWithASchema() throws Exception {
    assertThat(PersonalTools.standard())
        .extracting(tool -> tool.specification().name())
        .doesNotHaveDuplicates()
        .hasSize(21);
    for (PersonalTool tool : PersonalTools.standard()) {
      JsonNode schema = new ObjectMapper().readTree(tool.specification().parameters());
      assertThat(schema.path("type").asText()).isEqualTo("object");
      schema
          .path("properties")
          .forEach(slot -> assertThat(slot.path("description").asText()).isNotBlank());
    }
  }

  @Test
  void shouldThrowNothingButToolExceptionOnGarbage() {
    Random random = new Random(7);
    Assistant me = new Assistant();
    me.say("", "alarm_set", "time=nine am");
    me.say("", "calendar_set", "event_name=x", "date=friday");
    me.say("add a to my b list", "lists_createoradd", "list_name=b");
    long start = System.nanoTime();
    for (int round = 0; round < 150; round++) {
      for (PersonalTool tool : PersonalTools.standard()) {
        ObjectNode json = new ObjectMapper().createObjectNode();
        JsonNode slots = json.objectNode();
        try {
          slots = new ObjectMapper().readTree(tool.specification().parameters()).path("properties");
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
          throw new AssertionError(e);
        }
        slots.fieldNames().forEachRemaining(slot -> {
          switch (random.nextInt(8)) {
            case 0 -> json.put(slot, random.nextInt());
            case 1 -> json.putObject(slot).put("x", 1);
            case 2 -> json.putArray(slot).add(garbage(random)).add(true).addNull();
            case 3 -> json.put(slot, random.nextInt(20) == 0 ? garbage(random).repeat(2000) : "");
            case 4 -> json.putNull(slot);
            default -> json.put(slot, garbage(random));
          }
        });
        String request = random.nextInt(40) == 0 ? garbage(random).repeat(5000) : garbage(random);
        assertThatCode(() -> {
              try {
                tool.call(new ToolArguments(json), new ToolContext(me.state, me.now, "k", request))
                    .events()
                    .forEach(me.state::apply);
              } catch (ToolException expected) {
                assertThat(expected).hasMessageNotContaining("null");
              }
            })
            .as("%s %.500s %.500s", tool.specification().name(), json, request)
            .doesNotThrowAnyException();
      }
    }
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofMinutes(1));
  }

  private static String garbage(Random random) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(12); i >= 0; i--) {
      text.append(
              random.nextInt(6) == 0
                  ? Character.toString(random.nextInt(1, 0x3000))
                  : VOCABULARY.get(random.nextInt(VOCABULARY.size())))
          .append(' ');
    }
    return text.toString();
  }
}
