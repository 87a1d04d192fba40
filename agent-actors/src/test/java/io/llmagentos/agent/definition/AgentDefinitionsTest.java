package io.llmagentos.agent.definition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import io.llmagentos.agent.personal.PersonalTools;
import io.llmagentos.agent.tool.Tool;
import io.llmagentos.agent.tool.ToolHost;
import io.llmagentos.agent.tool.ToolRequest;
import io.llmagentos.agent.tool.ToolResult;
import io.llmagentos.agent.tool.ToolSettings;
import io.llmagentos.agent.tool.ToolSource;
import io.llmagentos.agent.tool.ToolTraits;
import io.llmagentos.model.chat.ToolSpecification;
import io.llmagentos.node.error.AgentOsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AgentDefinitionsTest {
  private static final String REST = """

      model: m
      outOfScope: "No."
      unconnected: "No {what}."
      """;

  @TempDir
  private Path directory;

  @Test
  void shouldConnectTheAgentsThatItNamesAsTools() throws Exception {
    write("front", "agents: [billing]\nhandOffs: [billing]\nplans: true");
    write("billing", "description: Knows what is owed.\nagents: [front]");
    AgentDefinition front = load().get("front");
    assertThat(front.plans()).isTrue();
    assertThat(front.agents()).isEqualTo(Map.of("ask_billing", "billing"));
    assertThat(front.tools().getFirst().description()).contains("Knows what is owed.");
    assertThat(front.external().getOrDefault("ask_billing", ToolTraits.EFFECT).repeatable())
        .as("a call is one turn, however often it is made")
        .isTrue();
    assertThat(front.handOffs()).isEqualTo(Map.of("hand_off_to_billing", "billing"));
    assertThat(front.handOffTools().getFirst().description()).contains("'billing'");
    assertThat(load().get("billing").plans()).isFalse();
  }

  @Test
  void shouldHoldADialogueWhereItIsSaid() throws Exception {
    write("clerk", "dialogue: true");
    write("other", "");
    assertThat(load().get("clerk").dialogue()).isTrue();
    assertThat(load().get("other").dialogue()).isFalse();
    assertThat(load().get("assistant").dialogue()).isTrue();
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
      agents: [nobody]            | 'agents' names the unknown agent 'nobody'; known are [assistant, front]
      handOffs: [nobody]          | 'handOffs' names the unknown agent 'nobody'; known are [assistant, front]
      agents: [front, front]      | two tools have the name 'ask_front'
      dialogue: true\\nrounds: 3  | 'rounds' must be 1, is 3, and 'plans' false, is false
      dialogue: true\\nplans: true | 'rounds' must be 1, is 1, and 'plans' false, is true
      budget: {trun: {steps: 1}}  | unknown key budget.trun; did you mean budget.turn?
      budget: {turn: {step: 1}}   | unknown key budget.turn.step; did you mean budget.turn.steps?
      budget: {session: 5}        | session has type NUMBER
      plans: true\\ntools: [plan] | no other tool may have the name 'plan'
      """)
  void shouldRefuseByFileAndKey(String written, String why) throws Exception {
    write("front", written.replace("\\n", "\n"));
    assertThatThrownBy(this::load)
        .isInstanceOf(AgentOsException.class)
        .hasMessageContaining("front.yaml")
        .hasMessageContaining(why);
  }

  private void write(String name, String rest) throws IOException {
    Files.writeString(directory.resolve(name + ".yaml"), "name: " + name + "\n" + rest + REST);
  }

  @Test
  void shouldOfferToolsAsASettingNamesThem() throws Exception {
    AgentDefinition bare =
        offered("[{ name = plan, approval = true, timeout = 5s }]").definition();
    assertThat(bare.hasModel()).isFalse();
    assertThat(bare.external())
        .isEqualTo(Map.of("plan", new ToolTraits(true, true, true, Duration.ofSeconds(5), 16)));
    assertThat(offered("[]").definition().tools()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
      [nothing]                         | the unknown tool 'nothing'
      ["shop__*"]                       | the unknown tool 'shop__*'
      [personal]                        | the unknown tool 'personal'
      [{ approval = true }]             | the unknown tool 'null'
      [{ name = plan, aproval = true }] | aproval
      [{ name = plan, timeout = soon }] | 'timeout' of the tool 'plan'
      """)
  void shouldRefuseToOfferWhatThereIsNot(String named, String why) {
    assertThatThrownBy(() -> offered(named))
        .isInstanceOf(AgentOsException.class)
        .hasMessageContaining("llmagentos.agent.mcp.tools")
        .hasMessageContaining(why);
  }

  private OfferedTools offered(String named) {
    return OfferedTools.create(ConfigFactory.parseString("tools = " + named), tools(), load());
  }

  private AgentDefinitions load() {
    return AgentDefinitions.load(
        directory.toString(), "", PersonalTools.standard(), List.of(), tools());
  }

  private static ToolHost tools() {
    ToolSettings settings =
        ToolSettings.create(ConfigFactory.load().getConfig("llmagentos.agent.tools"));
    return new ToolHost(
        List.of(ToolSource.of(List.of(new PlanCalled()))),
        settings,
        Clock.systemUTC(),
        new Random(1));
  }

  /** Somebody's tool of that name. */
  private static final class PlanCalled implements Tool {
    @Override
    public ToolSpecification specification() {
      return new ToolSpecification("plan", "", "{}");
    }

    @Override
    public ToolTraits traits() {
      return ToolTraits.READ_ONLY;
    }

    @Override
    public ToolResult call(ToolRequest request) {
      return ToolResult.text("");
    }
  }
}
